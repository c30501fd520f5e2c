// SPDX-License-Identifier: Apache-2.0
// The array of array_vectors.cpp with its rows, columns and sums packed into wide words by shifts.
#include <ap_int.h>
#include <hls_stream.h>

#ifndef ROWS
#define ROWS 4
#define COLUMNS 2
#endif

using Row = ap_uint<16 * ROWS>;
using Sums = ap_uint<48 * COLUMNS>;

void array_packed(hls::stream<Row>& xs, hls::stream<Row>& weights, hls::stream<Sums>& sums, int n,
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
    Row column = 0;
    if (load) column = weights.read();
    for (int c = 0; c < COLUMNS; c++)
      for (int r = 0; r < ROWS; r++)
        if (load && step == c) shadow[r][c] = ap_int<16>(column >> (16 * r));
    const Row x = xs.read();
    Sums out = 0;
    for (int c = 0; c < COLUMNS; c++) {
      ap_int<48> sum = 0;
      for (int r = 0; r < ROWS; r++)
        sum += ap_int<16>(x >> (16 * r)) * active[r][c];
      out |= Sums(ap_uint<48>(sum)) << (48 * c);
    }
    sums.write(out);
    const bool last = step == n;
    step = last ? ap_uint<16>(0) : ap_uint<16>(step + 1);
    if (last) tile++;
  }
}
