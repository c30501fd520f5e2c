// SPDX-License-Identifier: Apache-2.0
void top(int a, int& y) {
#pragma HLS INTERFACE ap_ack port=y  // error: the interface mode ap_ack is not built
  y = a + 1;
}
