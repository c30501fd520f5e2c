// SPDX-License-Identifier: Apache-2.0
void top(int a, int& y) {
#pragma HLS INTERFACE s_axilite register port=a  // note: s_axilite register is not used: scalars and outputs are registered where the schedule asks for it
  y = a + 1;
}
