// SPDX-License-Identifier: Apache-2.0
void top(int a, int& y) {
#pragma HLS INTERFACE ap_none port=a  // error: with AXI4-Lite control 'a' is a register
  y = a + 1;
}
