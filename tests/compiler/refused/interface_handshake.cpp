// SPDX-License-Identifier: Apache-2.0
void top(int a, int& y) {
#pragma HLS INTERFACE ap_hs port=y  // error: the interface mode ap_hs is not built
  y = a + 1;
}
