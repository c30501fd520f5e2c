// SPDX-License-Identifier: Apache-2.0
// Blocks handed from one process to the next while the other half is being filled.
#include <ap_int.h>
#include <hls_stream.h>
#include <hls_streamofblocks.h>

constexpr int kRows = 4, kColumns = 4;
using Tile = ap_int<8>[kRows][kColumns];

static void fill(hls::stream<ap_int<8>>& in, hls::stream_of_blocks<Tile>& tiles, ap_uint<8> count) {
  for (int t = 0; t < count; t++) {
    hls::write_lock<Tile> tile(tiles);
    for (int i = 0; i < kRows * kColumns; i++) {
#pragma HLS PIPELINE II = 1
      tile[i >> 2][i & 3] = in.read();
    }
  }
}

static void transpose(hls::stream_of_blocks<Tile>& tiles, hls::stream<ap_int<9>>& out, ap_uint<8> count) {
  for (int t = 0; t < count; t++) {
    hls::read_lock<Tile> tile(tiles);
    for (int i = 0; i < kRows * kColumns; i++) {
#pragma HLS PIPELINE II = 1
      out.write(tile[i & 3][i >> 2] + t);
    }
  }
}

void ping_pong(hls::stream<ap_int<8>>& in, hls::stream<ap_int<9>>& out, ap_uint<8> count) {
#pragma HLS DATAFLOW
  hls::stream_of_blocks<Tile> tiles;
  fill(in, tiles, count);
  transpose(tiles, out, count);
}
