// SPDX-License-Identifier: Apache-2.0
void top(int a, int& y) {
#pragma HLS INTERFACE ap_ctrl_hs port=return  // note: start, done, idle and ready are bits of the AXI4-Lite register CTRL
  y = a + 1;
}
