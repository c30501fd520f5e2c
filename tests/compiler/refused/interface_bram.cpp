// SPDX-License-Identifier: Apache-2.0
void top(int a, int& y) {
#pragma HLS INTERFACE bram port=y  // error: the interface mode bram is not built
  y = a + 1;
}
