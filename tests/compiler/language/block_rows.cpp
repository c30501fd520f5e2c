// SPDX-License-Identifier: Apache-2.0
// Blocks whose rows are banks: an index plus or minus a constant stays in its row.
#include <ap_int.h>
#include <hls_stream.h>
#include <hls_streamofblocks.h>
typedef int tile[4][4];
static void fill(hls::stream<ap_uint<32>>& in, hls::stream_of_blocks<tile>& b) {
  for (int t = 0; t < 3; t++) {
    hls::write_lock<tile> w(b);
    for (int i = 0; i < 4; i++)
      for (int j = 0; j < 4; j++)
        w[i][j] = in.read();
  }
}
static void drain(hls::stream_of_blocks<tile>& b, hls::stream<ap_uint<32>>& out) {
  for (int t = 0; t < 3; t++) {
    hls::read_lock<tile> r(b);
    int s = 1;
    for (int i = 0; i < 4; i++) {
      out.write(r[i][i]);
      s = s * 3 + r[3 - i][i];
      unsigned k = (unsigned)s % 3;
      out.write(s + r[1][k + 1]);
      if (k) out.write(r[2][k - 1] + r[k][k - 1] + r[3][k - 1]);
    }
  }
}
void block_rows(hls::stream<ap_uint<32>>& in, hls::stream<ap_uint<32>>& out) {
#pragma HLS DATAFLOW
  hls::stream_of_blocks<tile> b;
#pragma HLS ARRAY_PARTITION variable = b complete dim = 0
  fill(in, b);
  drain(b, out);
}
