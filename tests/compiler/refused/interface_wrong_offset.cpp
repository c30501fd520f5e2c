// SPDX-License-Identifier: Apache-2.0
void top(int a, int& y) {
#pragma HLS INTERFACE s_axilite port=a offset=0x40  // error: the register of 'a' is at 0x10
  y = a + 1;
}
