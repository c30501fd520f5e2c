// SPDX-License-Identifier: Apache-2.0
// Attention on the array: p scores a step, then p weighted values a step, then the scaled rows.
#pragma once

#include "edgemoe/engine_control.hpp"
#include "edgemoe/softmax.hpp"

namespace edgemoe {

/// Sum of e * v over the keys: 15 + 16 bits and room for 2^9 keys.
using ContextSum = ap_int<40>;
static_assert(kMaxTokens <= 512, "ContextSum and ExponentialSum hold 512 keys");
using ExponentialSum = ap_uint<24>;

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

/// One step of the rows: cleared at the start of a group, e and e * v added in the context sweep, shifted by
/// one sub-word in the drain (the next query's total comes forward after its last sub-word).
template <class Products>
void step_context(ContextRows& rows, const Control& control, const Exponential (&e)[kCols],
                  const Products& products) {
  const bool add = control.phase == kContext;
  const bool shift = control.phase == kDrain;
  const bool shift_total = shift && (control.step & 3) == 3;
TOTAL:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
    const ExponentialSum behind = n + 1 < kCols ? rows.total[(n + 1) % kCols] : ExponentialSum(0);
    const ExponentialSum added = ExponentialSum(rows.total[n] + (add ? e[n] : Exponential(0)));
    rows.total[n] = control.swap ? ExponentialSum(0) : (shift_total ? behind : added);
  }
SUM:
  for (int i = 0; i < kCols * kRows; ++i) {
#pragma HLS UNROLL
    const bool end = i + kCols >= kCols * kRows;
    const ContextSum behind = end ? ContextSum(0) : rows.sum[(i + kCols) % (kCols * kRows)];
    const ContextSum added = ContextSum(rows.sum[i] + products.value[i % kRows][i / kRows]);
    rows.sum[i] = control.swap ? ContextSum(0) : (shift ? behind : (add ? added : rows.sum[i]));
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
inline void step_maximum(IntegerMaximum (&maximum)[kCols], bool first, const Lanes<kCols, 18>& scores) {
MAXIMUM:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
    const IntegerMaximum here = integer_part(scores[n]);
    if (first || here > maximum[n]) maximum[n] = here;
  }
}

}  // namespace edgemoe
