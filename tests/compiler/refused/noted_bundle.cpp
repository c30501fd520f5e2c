// SPDX-License-Identifier: Apache-2.0
void top(int a, int& y) {
#pragma HLS INTERFACE s_axilite port=a bundle=mine  // note: bundle=mine is not used: all registers are in one AXI4-Lite slave
  y = a + 1;
}
