// SPDX-License-Identifier: Apache-2.0
// Attention on the array: p scores a step, then p weighted values a step, then the scaled rows.
#pragma once

#include "edgemoe/engine_control.hpp"
#include "edgemoe/softmax.hpp"

namespace edgemoe {

/// Sum of e * v, and of e, over the keys.
using ContextSum = ap_int<kContextBits>;
using ExponentialSum = ap_uint<kSumBits>;
static_assert(kContextBits <= kAccBits && kSumBits <= 24, "rows fit the requantiser and the reciprocal");

/// Exponentials of the `size` queries held, from their scores of one key and their maxima.
inline void exponentials(Exponential (&e)[kCols], ScoreWord scores, MaximumWord maxima, GroupSize size) {
  const Lanes<kCols, kScoreBits> score = unpack<kCols, kScoreBits>(scores);
  const Lanes<kCols, 8> maximum = unpack<kCols, 8>(maxima);
EXPONENTIAL:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
    e[n] = n < size ? exp2_lane(score[n], maximum[n]) : Exponential(0);
  }
}

/// Accumulators of the context sweep, one row a query. Rows leave from the front: draining shifts them.
struct ContextRows {
  ContextSum sum[kCols * kRows];  // query-major
  ExponentialSum total[kCols];
};

inline ContextRows empty_context() {
  ContextRows rows;
CLEAR_TOTAL:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
    rows.total[n] = 0;
  }
CLEAR_SUM:
  for (int i = 0; i < kCols * kRows; ++i) {
#pragma HLS UNROLL
    rows.sum[i] = 0;
  }
  return rows;
}

/// One step of the rows: in the context sweep e and e * v are added (to zero in its first step), in the drain
/// everything shifts by one sub-word (the next query's total comes forward after the last sub-word of a row).
template <class Products>
void step_context(ContextRows& rows, bool add, bool drain, Count step, const Exponential (&e)[kCols],
                  const Products& products) {
  const bool first = step == 0;
  const bool shift_total = drain && (step & (kBanks - 1)) == kBanks - 1;
TOTAL:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
    const ExponentialSum before = first ? ExponentialSum(0) : rows.total[n];
    if (add) {
      rows.total[n] = ExponentialSum(before + e[n]);
    } else if (shift_total) {
      rows.total[n] = n + 1 < kCols ? rows.total[(n + 1) % kCols] : ExponentialSum(0);
    }
  }
SUM:
  for (int i = 0; i < kCols * kRows; ++i) {
#pragma HLS UNROLL
    const ContextSum before = first ? ContextSum(0) : rows.sum[i];
    if (add) {
      rows.sum[i] = ContextSum(before + products.value[i % kRows][i / kRows]);
    } else if (drain) {
      rows.sum[i] = i + kCols < kCols * kRows ? rows.sum[(i + kCols) % (kCols * kRows)] : ContextSum(0);
    }
  }
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

inline MaximumWord pack_maxima(const IntegerMaximum (&maximum)[kCols]) {
  Lanes<kCols, 8> lanes;
PACK_MAXIMA:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
    lanes[n] = maximum[n];
  }
  return pack<kCols, 8>(lanes);
}

/// Running integer maximum of each query's scores.
inline void step_maximum(IntegerMaximum (&maximum)[kCols], bool first,
                         const Lanes<kCols, kScoreBits>& scores) {
MAXIMUM:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
    const IntegerMaximum here = integer_part(scores[n]);
    if (first || here > maximum[n]) maximum[n] = here;
  }
}

}  // namespace edgemoe
