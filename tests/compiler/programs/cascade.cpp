// SPDX-License-Identifier: Apache-2.0
// Dot products as cascades of DSP slices, from a tile that is exchanged while the loop runs; a chain that is
// entered in its middle, a sum that two slices add to, and slices of a loop that runs state by state.
#include <ap_int.h>
#include <hls_dsp_builtins.h>
#include <hls_stream.h>
#include <hls_vector.h>

using hls::dsp48e2::C_t;
constexpr int kRows = 8;
constexpr int kColumns = 2;
using Word = hls::vector<ap_int<16>, kRows>;
using Sums = hls::vector<ap_int<40>, kColumns>;
using Tile = ap_int<16>[kColumns][kRows];

constexpr auto kSlice =
    hls::dsp48e2::REG_A1 | hls::dsp48e2::REG_B1 | hls::dsp48e2::REG_M | hls::dsp48e2::REG_P;

static C_t first(hls::dsp48e2::A_t a, hls::dsp48e2::B_t b, C_t c) {
  return hls::dsp48e2::mul_add<kSlice | hls::dsp48e2::REG_C>(a, b, c);
}
static C_t next(hls::dsp48e2::A_t a, hls::dsp48e2::B_t b, C_t below) {
  return hls::dsp48e2::cascade<kSlice>().mul_add(a, b, below).pcout;
}

static C_t dot(const Word& x, const ap_int<16> (&w)[kRows], C_t start) {
  C_t sum = first(x[0], w[0], start);
  for (int k = 1; k < kRows; k++) {
#pragma HLS UNROLL
    sum = next(x[k], w[k], sum);
  }
  return sum;
}

void cascade(hls::stream<Word>& columns, hls::stream<Word>& in, hls::stream<Sums>& out,
             hls::stream<ap_int<48>>& rest, ap_uint<6> count, ap_int<20> bias) {
  static Tile shadow, active;
#pragma HLS ARRAY_PARTITION variable = shadow complete dim = 0
#pragma HLS ARRAY_PARTITION variable = active complete dim = 0
  for (int i = 0; i < count; i++) {
#pragma HLS PIPELINE II = 1
    const bool load = i % 4 < kColumns, swap = i % 4 == 3;
    if (load) {
      const Word column = columns.read();
      for (int k = 0; k < kRows; k++)
        shadow[i % 4][k] = column[k];
    }
    const Word x = in.read();
    Sums y;
    for (int c = 0; c < kColumns; c++)
      y[c] = dot(x, active[c], bias);
    out.write(y);
    for (int c = 0; c < kColumns; c++) {
      for (int k = 0; k < kRows; k++) {
        if (swap) active[c][k] = shadow[c][k];
      }
    }
  }
  for (int i = 0; i < count; i++) {
#pragma HLS PIPELINE II = 1
    const Word x = in.read();
    const C_t begun = next(x[1], x[2], first(x[0], 3, x[7]));
    // Of two slices above one only one has the wire; operands of 27 and 18 bits; a sum that was made elsewhere.
    const C_t one = next(x[3] * 2047, x[4] * 4, begun), other = next(x[5], -7, begun);
    rest.write(first(x[6], x[7], one - other));
  }
  C_t total = 0;
  for (int i = 0; i < count; i++) {
    const Word x = in.read();
    total = next(x[1], x[2], first(x[0], x[3], total));
    if (x[4] > 0) rest.write(total);
  }
  rest.write(total);
}
