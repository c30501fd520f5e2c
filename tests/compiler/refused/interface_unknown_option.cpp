// SPDX-License-Identifier: Apache-2.0
void top(int a, int& y) {
#pragma HLS INTERFACE s_axilite port=a colour=red  // error: 'colour'
  y = a + 1;
}
