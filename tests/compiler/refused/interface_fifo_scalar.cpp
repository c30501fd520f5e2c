// SPDX-License-Identifier: Apache-2.0
void top(int a, int& y) {
#pragma HLS INTERFACE ap_fifo port=a  // error: 'a' is a scalar; ap_fifo is for streams
  y = a + 1;
}
