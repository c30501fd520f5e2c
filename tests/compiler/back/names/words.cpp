// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int table[2][8];
#pragma HLS ARRAY_PARTITION variable = table complete dim = 1
  int line[16];
#pragma HLS ARRAY_PARTITION variable = line cyclic factor = 2
  int reg = in.read();
  int Reg = in.read();
  int x = in.read();
  int X = in.read();
  int in_read = in.read();
  table[x & 1][X & 7] = reg;
  line[in_read & 15] = Reg;
  out.write((reg + x) * Reg);
  out.write(X < in_read ? X : x);
  out.write(table[reg & 1][1] - line[x & 15]);
  out.write(in_read);
}
