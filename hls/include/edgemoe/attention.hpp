// SPDX-License-Identifier: Apache-2.0
// Attention on the array, reordered: kCols keys are held while every query passes them, so each key is read
// once and kCols scores come out a step. Then values are held, and a query's exponentials pass them as a word
// of the array; their sum scales the row that comes out.
#pragma once

#include "edgemoe/engine_control.hpp"
#include "edgemoe/memories.hpp"
#include "edgemoe/softmax.hpp"

namespace edgemoe {

/// Sum of a query's exponentials over all keys.
using ExponentialSum = ap_uint<kSumBits>;
static_assert(kContextBits <= kAccBits && kSumBits <= 24, "rows fit the requantiser and the reciprocal");

/// Exponentials of a query against the `size` keys of a tile, as a moving word; 0 beyond them.
inline Word exponentials(const Lanes<kRows, kScoreBits>& scores, IntegerMaximum maximum, TileSize size) {
  Word e;
EXPONENTIAL:
  for (int k = 0; k < kRows; ++k) {
#pragma HLS UNROLL
    e[k] = k < size ? ap_int<16>(exp2_lane(scores[k], maximum)) : ap_int<16>(0);
  }
  return e;
}

/// Sum of a word of exponentials, as a balanced tree.
inline ExponentialSum sum_of(const Word& e) {
  ExponentialSum sum[kRows];
TERM:
  for (int k = 0; k < kRows; ++k) {
#pragma HLS UNROLL
    sum[k] = ExponentialSum(e[k]);
  }
TREE_OF_SUM:
  for (int width = kRows / 2; width > 0; width /= 2) {
#pragma HLS UNROLL
  LEVEL_OF_SUM:
    for (int k = 0; k < width; ++k) {
#pragma HLS UNROLL
      sum[k] = ExponentialSum(sum[2 * k] + sum[2 * k + 1]);
    }
  }
  return sum[0];
}

/// Scale of a context row: 1/total joined with the static scale of the output, ctx = rq(sum, multiplier,
/// shift, 16).
struct RowScale {
  Multiplier multiplier;
  Shift shift;
};

inline RowScale row_scale(ExponentialSum total, ap_uint<16> multiplier, Shift shift) {
  const Reciprocal r = reciprocal(total);
  const ap_uint<35> product = r.value * multiplier + 32768;
  RowScale scale;
  scale.multiplier = Multiplier(product >> 16);
  scale.shift = Shift(shift + 1 + (ap_uint<6>(r.half_exponent) << 1));  // 17 + 2k + shift - 16
  return scale;
}

/// A context that counts for a score in Q.16 has its static multiplier times that.
inline ap_uint<16> weighted(ap_uint<16> multiplier, ap_uint<16> score) {
  return ap_uint<16>((multiplier * score + 32768) >> 16);
}

/// Scores are lanes of 18 bits.
inline Lanes<kCols, kScoreBits> score_lanes(const Lanes<kCols, kLaneBits>& lane) {
  Lanes<kCols, kScoreBits> scores;
SCORE:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
    scores[n] = Score(lane[n]);
  }
  return scores;
}

/// Integer maximum of a query's scores: of the `size` ones of this tile and, but for the first tile, of those
/// before.
inline IntegerMaximum running_maximum(const Lanes<kCols, kScoreBits>& scores, TileSize size, bool first,
                                      IntegerMaximum before) {
  IntegerMaximum maximum = integer_part(scores[0]);
MAXIMUM:
  for (int n = 1; n < kCols; ++n) {
#pragma HLS UNROLL
    const IntegerMaximum here = integer_part(scores[n]);
    if (n < size && here > maximum) maximum = here;
  }
  return !first && before > maximum ? before : maximum;
}

}  // namespace edgemoe
