// SPDX-License-Identifier: Apache-2.0
#include <ap_int.h>
#include <hls_stream.h>
struct Tile {
  ap_int<8> active[4][2];
  ap_int<8> shadow[4][2];
};
void top(hls::stream<ap_int<8>>& x, hls::stream<ap_int<16>>& out) {
  Tile tile;
#pragma HLS ARRAY_PARTITION variable = tile.active complete dim = 0
#pragma HLS ARRAY_PARTITION variable = tile.shadow complete dim = 0
LOAD:
  for (int i = 0; i < 8; ++i) {
#pragma HLS PIPELINE II = 1
    tile.shadow[i >> 1][i & 1] = x.read();
  }
  tile.active[3][1] = tile.shadow[3][1];
RUN:
  for (int step = 0; step < 16; ++step) {
#pragma HLS PIPELINE II = 1
    ap_int<8> word = x.read();
    ap_int<16> sum = 0;
  ROWS:
    for (int k = 0; k < 4; ++k) {
#pragma HLS UNROLL
      const ap_int<16> product = word * tile.active[k][1];
      sum += product;
      tile.active[k][1] = tile.shadow[k][0];
      tile.shadow[k][0] = product.range(7, 0);
    }
    out.write(sum);
  }
}
