// SPDX-License-Identifier: Apache-2.0
void top(int a, int& y) {
#pragma HLS INTERFACE s_axilite port=a colour=red  // error: 'colour=' is no option of the pragma HLS INTERFACE
  y = a + 1;
}
