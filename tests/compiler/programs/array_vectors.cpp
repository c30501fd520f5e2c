// SPDX-License-Identifier: Apache-2.0
// A weight-stationary array: ROWS x COLUMNS products a cycle, the next tile's weights come in while this
// one's work.
#include <ap_int.h>
#include <hls_stream.h>
#include <hls_vector.h>

#ifndef ROWS
#define ROWS 4
#define COLUMNS 2
#endif

using Row = hls::vector<ap_int<16>, ROWS>;
using Sums = hls::vector<ap_int<48>, COLUMNS>;

void array_vectors(hls::stream<Row>& xs, hls::stream<Row>& weights, hls::stream<Sums>& sums, int n,
                   int tiles) {
  ap_int<16> active[ROWS][COLUMNS] = {}, shadow[ROWS][COLUMNS] = {};
#pragma HLS ARRAY_PARTITION variable = active complete dim = 0
#pragma HLS ARRAY_PARTITION variable = shadow complete dim = 0
  ap_uint<16> step = 0, tile = 0;
ARRAY:
  while (tile != tiles) {
#pragma HLS PIPELINE II = 1
    const bool load = step < COLUMNS;
    const bool swap = step == 0;
    for (int c = 0; c < COLUMNS; c++)
      for (int r = 0; r < ROWS; r++)
        if (swap) active[r][c] = shadow[r][c];
    if (load) {
      const Row column = weights.read();
      for (int c = 0; c < COLUMNS; c++)
        for (int r = 0; r < ROWS; r++)
          if (step == c) shadow[r][c] = column[r];
    }
    const Row x = xs.read();
    Sums out;
    for (int c = 0; c < COLUMNS; c++) {
      ap_int<48> sum = 0;
      for (int r = 0; r < ROWS; r++)
        sum += x[r] * active[r][c];
      out[c] = sum;
    }
    sums.write(out);
    const bool last = step == n;
    step = last ? ap_uint<16>(0) : ap_uint<16>(step + 1);
    if (last) tile++;
  }
}
