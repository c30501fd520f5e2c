// SPDX-License-Identifier: Apache-2.0
// Weight tiles through a ping-pong block: one process loads the next tile while the other computes with this
// one, in one flattened loop that acquires a block every TOKENS iterations.
#include "hls_module.h"
#include "hls_stream.h"
#include "hls_streamofblocks.h"

using data_t = ap_int<16>;
using sum_t = ap_int<36>;
using row_t = hls::vector<data_t, 4>;
using tile_t = data_t[4][4];

constexpr int TOKENS = 20;

static sum_t tiles_dot_impl(row_t x, row_t w) {
  sum_t sum = 0;
  for (int k = 0; k < 4; k++) {
#pragma HLS UNROLL
    sum += x[k] * w[k];
  }
  return sum;
}
constexpr hls::module<&tiles_dot_impl> tiles_dot;

static void tiles_load(hls::stream<row_t>& weights, hls::stream_of_blocks<tile_t>& blocks, unsigned count) {
  for (unsigned t = 0; t < count; t++) {
    hls::write_lock<tile_t> tile(blocks);
    for (int i = 0; i < 4; i++) {
#pragma HLS PIPELINE II = 1
      row_t row = weights.read();
      for (int k = 0; k < 4; k++)
        tile[i][k] = row[k];
    }
  }
}

static void tiles_compute(hls::stream<row_t>& tokens, hls::stream_of_blocks<tile_t>& blocks,
                          hls::stream<hls::vector<sum_t, 4>>& out, unsigned count) {
  int token = 0;
  for (unsigned n = 0; n < count * TOKENS; n++) {
#pragma HLS PIPELINE II = 1
    if (token == 0) blocks.acquire_read();
    row_t x = tokens.read();
    hls::vector<sum_t, 4> y;
    for (int m = 0; m < 4; m++) {
      row_t w;
      for (int k = 0; k < 4; k++)
        w[k] = blocks.block[m][k];
      y[m] = tiles_dot(x, w);
    }
    out.write(y);
    token = token == TOKENS - 1 ? 0 : token + 1;
  }
}

void tiles(hls::stream<row_t>& weights, hls::stream<row_t>& tokens, hls::stream<hls::vector<sum_t, 4>>& out,
           unsigned count) {
#pragma HLS DATAFLOW
  hls::stream_of_blocks<tile_t> blocks;
  tiles_load(weights, blocks, count);
  tiles_compute(tokens, blocks, out, count);
}
