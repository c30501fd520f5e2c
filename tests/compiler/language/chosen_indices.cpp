// SPDX-License-Identifier: Apache-2.0
// Indices chosen among constants, in one and two dimensions.
#include <ap_int.h>
#include <hls_stream.h>
void chosen_indices(hls::stream<ap_uint<32>>& in, hls::stream<ap_uint<32>>& out) {
  int m[16];
  short p[3][3];
#pragma HLS ARRAY_PARTITION variable = p complete dim = 2
  int n[3][5];
  for (int i = 0; i < 16; i++)
    m[i] = in.read();
  for (int i = 0; i < 9; i++)
    p[i / 3][i % 3] = in.read();
  for (int i = 0; i < 15; i++)
    n[i / 5][i % 5] = in.read();
  for (int r = 0; r < 8; r++) {
    int x = in.read();
    bool a = x & 1, b = x & 2, c = x & 4;
    out.write(m[a ? (b ? 1 : 0) : 2]);
    out.write(m[a ? (b ? 1 : c ? 7 : 0) : 2]);
    m[a ? (b ? 3 : 5) : 4] += r;
    out.write(p[a ? (b ? 1 : 0) : 2][c ? (b ? 1 : 0) : 2]);
    out.write(n[a ? (b ? 1 : 0) : 2][a ? (b ? 3 : 0) : 4]);
    out.write(p[a ? (b ? 1 : 0) : 2][a ? (b ? 2 : 0) : 1]);
    p[a ? 2 : 1][c ? (b ? 2 : 1) : 0] = x;
    out.write(n[((x >> 5) & 63) % 3][(a || b) ? 1 : c ? 4 : 0]);
    out.write(n[1][(a || b)] + m[a || b] + p[a && b][c]);
  }
}
