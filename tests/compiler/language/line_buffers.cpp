// SPDX-License-Identifier: Apache-2.0
// Rows in banks of their own: an index less than its row is long, minus a constant, is no other row.
#include <ap_int.h>
#include <hls_stream.h>
void line_buffers(hls::stream<ap_uint<32>>& in, hls::stream<ap_uint<32>>& out) {
  int m[3][16];
#pragma HLS ARRAY_PARTITION variable = m complete dim = 1
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 16; j++)
      m[i][j] = i * 4 + j + in.read();
  for (int c = 2; c < 15; c++) {
    out.write(m[1][c - 1]);
    out.write(m[1][c - 2] + m[0][c + 1]);
    out.write(m[2][c - 2] + m[0][c - 1]);
  }
  for (int r = 0; r < 13; r++) {
    unsigned c = in.read() % 14 + 2;
    out.write(m[1][c - 1]);
    out.write(m[1][c - 2] + m[0][c - 2]);
    ap_uint<4> d = in.read();
    if (d) out.write(m[1][d - 1]);
    if (d != 15) out.write(m[1][d + 1]);
  }
}
