// SPDX-License-Identifier: Apache-2.0
// Every kind of partition, read and written at indices that are known at compile time and at ones that are not.
#include <ap_int.h>
#include <hls_stream.h>

void partitions(hls::stream<ap_uint<16>>& in, hls::stream<ap_uint<16>>& out) {
  static const ap_uint<16> kSquares[12] = {0, 1, 4, 9, 16, 25, 36, 49, 64, 81, 100, 121};
#pragma HLS ARRAY_PARTITION variable=kSquares block factor=5
  ap_uint<16> halves[32], fifths[23], turns[18], grid[6][10], single[7];
#pragma HLS ARRAY_PARTITION variable=halves block factor=2
#pragma HLS ARRAY_PARTITION variable=fifths block factor=5
#pragma HLS ARRAY_PARTITION variable=turns cyclic factor=3
#pragma HLS ARRAY_PARTITION variable=grid block factor=4 dim=1
#pragma HLS ARRAY_PARTITION variable=grid cyclic factor=4 dim=2
#pragma HLS ARRAY_PARTITION variable=single block factor=9
FILL:
  for (int i = 0; i < 32; i++) {
#pragma HLS PIPELINE II=1
    ap_uint<16> x = in.read();
    halves[i] = x;
    fifths[i % 23] = x + 1;
    single[i % 7] = x + 2;
  }
WALK:
  for (int i = 0; i < 6; i++) {
#pragma HLS PIPELINE II=1
    for (int j = 0; j < 3; j++) {
      turns[3 * i + j] = halves[3 * i + j] ^ kSquares[2 * i + j % 2];
    }
    for (int j = 0; j < 10; j++) {
      grid[i][j] = fifths[(i * j) % 23] + j;
    }
  }
  ap_uint<16> sum = 0;
TAKE:
  for (int i = 0; i < 60; i++) {
#pragma HLS PIPELINE II=1
    ap_uint<16> pick = in.read();
    ap_uint<3> row = pick % 6;
    ap_uint<4> column = (pick >> 4) % 10;
    sum += halves[pick & 15] - halves[(pick & 15) + 16];
    sum ^= grid[row][column] + single[row] + fifths[22 - row] + fifths[4];
    grid[row][column] = sum;
    out.write(sum + kSquares[column]);
  }
  for (int i = 0; i < 6; i++) {
#pragma HLS PIPELINE II=1
    out.write(turns[3 * i] + turns[3 * i + 1] * 3 + turns[3 * i + 2] * 5 + grid[5][9] + grid[i][0]);
  }
}
