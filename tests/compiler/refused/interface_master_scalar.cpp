// SPDX-License-Identifier: Apache-2.0
void top(int a, int& y) {
#pragma HLS INTERFACE m_axi port=a  // error: 'a' is a scalar; m_axi is for memories
  y = a + 1;
}
