// SPDX-License-Identifier: Apache-2.0
// Memory elements are packed words; these helpers are the only place that knows the bit order:
// element i of a word sits at bits [i*W, (i+1)*W).
#pragma once

#include <ap_int.h>

#include "edgemoe_config.hpp"

namespace edgemoe {

/// One beat of DRAM and one sub-word of the on-chip tensors: 8 x int16.
using Beat = ap_uint<128>;
/// A row of psum or of raw gate logits: 8 x int48.
using AccumulatorWord = ap_uint<384>;
/// A row of expert sums: 8 x int32.
using SumWord = ap_uint<256>;
/// A row of scores, 8 x int18, and of running maxima, 8 x int8.
using ScoreWord = ap_uint<144>;
using MaximumWord = ap_uint<64>;

/// Banks of a tensor memory: sub-words of kCols lanes that make one word of kRows lanes.
constexpr int kBanks = kRows / kCols;
static_assert(kBanks == 4 && kCols == 8, "a sub-word is one 128-bit beat of 8 int16, a word four of them");

/// `W` bits of `word` from bit `low` on, unsigned.
template <int W, int V>
ap_uint<W> bits(ap_uint<V> word, int low) {
  return ap_uint<W>(word >> low);
}

/// N signed values of W bits.
template <int N, int W>
struct Lanes {
  ap_int<W> lane[N];

  ap_int<W>& operator[](int i) { return lane[i]; }
  const ap_int<W>& operator[](int i) const { return lane[i]; }
};

template <int N, int W>
Lanes<N, W> unpack(ap_uint<N * W> word) {
  Lanes<N, W> values;
UNPACK:
  for (int i = 0; i < N; ++i) {
#pragma HLS UNROLL
    values[i] = ap_int<W>(bits<W>(word, i * W));
  }
  return values;
}

template <int N, int W>
ap_uint<N * W> pack(const Lanes<N, W>& values) {
  ap_uint<N * W> word = 0;
PACK:
  for (int i = 0; i < N; ++i) {
#pragma HLS UNROLL
    word = word | (ap_uint<N * W>(ap_uint<W>(values[i])) << (i * W));
  }
  return word;
}

}  // namespace edgemoe
