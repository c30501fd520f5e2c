// SPDX-License-Identifier: Apache-2.0
// Bank chosen at run time: rows are written across all banks, single elements read from any, and the other
// way round.
#include <ap_int.h>
#include <hls_stream.h>
#include <hls_vector.h>

using Row = hls::vector<ap_int<16>, 4>;

void banks(hls::stream<Row>& rows, hls::stream<ap_uint<8>>& picks, hls::stream<ap_int<16>>& elements,
           hls::stream<Row>& gathered) {
  ap_int<16> m[256];
#pragma HLS ARRAY_PARTITION variable = m cyclic factor = 4 dim = 1
  ap_int<16> g[32][4];
#pragma HLS ARRAY_PARTITION variable = g complete dim = 2
ROWS:
  for (int i = 0; i < 64; i++) {
#pragma HLS PIPELINE II = 1
    const Row row = rows.read();
    for (int k = 0; k < 4; k++)
      m[4 * i + k] = row[k];
  }
PICK:
  for (int i = 0; i < 128; i++) {
#pragma HLS PIPELINE II = 1
    const ap_uint<8> at = picks.read();
    const ap_int<16> x = m[at];
    elements.write(x);
    g[i >> 2][i & 3] = x;
  }
GATHER:
  for (int i = 0; i < 32; i++) {
#pragma HLS PIPELINE II = 1
    Row row;
    for (int k = 0; k < 4; k++)
      row[k] = g[i][k];
    gathered.write(row);
  }
}
