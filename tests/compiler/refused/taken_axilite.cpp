// SPDX-License-Identifier: Apache-2.0
void top(int a, int& y) {
#pragma HLS INTERFACE s_axilite port=return bundle=control
#pragma HLS INTERFACE s_axilite port=a  // taken: registers by INTERFACE s_axilite, of the function and of each scalar
  y = a + 1;
}
