// SPDX-License-Identifier: Apache-2.0
// Storage of every kind in one process: RAM banks chosen at run time, a register file, a table, a module, and
// loops that cannot be pipelined because they read a stream twice.
#include "hls_module.h"
#include "hls_stream.h"

using data_t = ap_int<16>;
using wide_t = ap_int<40>;

constexpr int LANES = 4, ROWS = 32;

struct Squares {
  unsigned short value[64];
  constexpr Squares() : value() {
    for (int i = 0; i < 64; i++)
      value[i] = (unsigned short)(i * i * 15 + 3 * i + 1);
  }
};
constexpr Squares SQUARES;

static wide_t shapes_dot_impl(hls::vector<data_t, LANES> a, hls::vector<data_t, LANES> b, wide_t start) {
  wide_t sum = start;
  for (int k = 0; k < LANES; k++) {
#pragma HLS UNROLL
    sum += a[k] * b[k];
  }
  return sum;
}
constexpr hls::module<&shapes_dot_impl> shapes_dot;

void shapes(hls::stream<hls::vector<data_t, LANES>>& rows, hls::stream<ap_uint<7>>& picks,
            hls::stream<wide_t>& out, hls::stream<data_t>& pairs, unsigned pair_count, data_t& smallest,
            unsigned& above) {
  data_t store[ROWS * LANES];
#pragma HLS ARRAY_PARTITION variable = store cyclic factor = 4 dim = 1
  data_t recent[8];
#pragma HLS ARRAY_PARTITION variable = recent complete dim = 1
  for (int k = 0; k < 8; k++) {
#pragma HLS UNROLL
    recent[k] = data_t(k);
  }
  for (int i = 0; i < ROWS; i++) {
#pragma HLS PIPELINE II = 1
    hls::vector<data_t, LANES> row = rows.read();
    for (int k = 0; k < LANES; k++)
      store[LANES * i + k] = row[k];
  }
PICK:
  for (int i = 0; i < 64; i++) {
#pragma HLS PIPELINE II = 1
    ap_uint<7> at = picks.read();
    data_t x = store[at.to_int()];
    data_t table = data_t(SQUARES.value[at.to_int() & 63]);
    wide_t old = recent[at.to_int() & 7];
    recent[(at.to_int() >> 1) & 7] = x;
    hls::vector<data_t, LANES> a, b;
    for (int k = 0; k < LANES; k++) {
      a[k] = data_t(x + k);
      b[k] = data_t(table - k);
    }
    out.write(shapes_dot(a, b, old));
  }
  data_t low = 32767;
  unsigned count = 0;
  for (unsigned i = 0; i < pair_count; i++) {
#pragma HLS PIPELINE II = 1
    data_t first = pairs.read();
    data_t second = pairs.read();
    data_t less = first < second ? first : second;
    if (less < low) low = less;
    if (first > second) {
      count++;
      out.write(wide_t(first) * second);
    }
  }
  smallest = low;
  if (count > 0) above = count;
  hls::vector<data_t, LANES> a, b;
  for (int k = 0; k < LANES; k++) {
    a[k] = recent[k];
    b[k] = recent[k + 4];
  }
  out.write(shapes_dot(a, b, wide_t(low)));
}
