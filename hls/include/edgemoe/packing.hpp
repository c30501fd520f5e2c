// SPDX-License-Identifier: Apache-2.0
// Memory elements are packed words; these helpers are the only place that knows the bit order:
// element i of a word sits at bits [i*W, (i+1)*W).
#pragma once

#include <ap_int.h>

#include "edgemoe_config.hpp"

namespace edgemoe {

/// floor(log2(n)), n >= 1.
constexpr int log2_floor(int n) {
  return n < 2 ? 0 : 1 + log2_floor(n / 2);
}

/// One beat of DRAM and one sub-word of the on-chip tensors: an int16 a column.
using Beat = ap_uint<kBusBits>;
/// What a step takes of the weights region: a stripe from each of its masters, the first one lowest.
using Stripe = ap_uint<kWeightBusBits>;
using Feed = ap_uint<kFeedBits>;
/// One sub-word of the residual; in DRAM, where its values are int32, it is two beats.
using ResidualWord = ap_uint<kCols * kResidualBits>;
static_assert(kActBits <= kResidualBits && kResidualBits <= 20,
              "EXPERT_FRACTION and NORM_DROP are not negative");
/// A row of psum or of raw gate logits, of expert sums and of scores: a value a column.
using AccumulatorWord = ap_uint<kCols * kAccBits>;
using SumWord = ap_uint<kCols * 32>;
using ScoreWord = ap_uint<kCols * kScoreBits>;
/// What the gate chose for a token: four slots of 32 bits.
using ChoiceWord = ap_uint<kChoiceBits>;

/// A tensor memory has kBanks banks: sub-words of kCols lanes that make one word of kRows lanes.
constexpr int kBankBits = log2_floor(kBanks);
constexpr int kColBits = log2_floor(kCols);
constexpr int kBeatShift = log2_floor(kBeatBytes);
constexpr int kChoiceShift = log2_floor(kChoiceBeats);
constexpr int kFeedBeats = kFeedBits / kBusBits;
constexpr int kFeedBytes = kFeedBits / 8;
static_assert(kBusBits == 16 * kCols && kBanks << kColBits == kRows, "a sub-word is one beat of int16");

/// A bank, a column, and a number of columns.
using Bank = ap_uint<kBankBits>;
using Column = ap_uint<kColBits>;
using ColumnCount = ap_uint<kColBits + 1>;
/// What the statistics count.
using Counter = ap_uint<32>;

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

/// A word of the tensors: a value a row of the array.
using Word = Lanes<kRows, 16>;

/// Which columns hold a value that was clipped.
struct Clipped {
  bool lane[kCols];
};

/// How many of the first `columns` lanes were clipped.
inline ColumnCount count_clipped(const Clipped& clipped, ColumnCount columns) {
  ColumnCount count = 0;
COUNT_CLIPPED:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
    count = ColumnCount(count + ap_uint<1>(clipped.lane[n] && n < columns));
  }
  return count;
}

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
