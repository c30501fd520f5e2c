// SPDX-License-Identifier: Apache-2.0
// ports: ap_ctrl_hs
void top(int a, int& y) {
#pragma HLS INTERFACE ap_ctrl_hs port=return
#pragma HLS INTERFACE ap_none port=a
#pragma HLS INTERFACE ap_vld port=y  // taken: with --ports, INTERFACE ap_ctrl_hs, ap_none and ap_stable of inputs, ap_vld of outputs
  y = a + 1;
}
