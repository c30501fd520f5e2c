// SPDX-License-Identifier: Apache-2.0
// The array: a moving word meets the stationary tile, and each column adds up its products. Linear layers,
// experts, scores and contexts all run through it; a requantiser a column follows.
#pragma once

#include "edgemoe/attention.hpp"
#include "edgemoe/stationary.hpp"

namespace edgemoe {

using Product = ap_int<32>;

/// The sum of x[k] * tile[k][n] over a column n, as a balanced tree.
inline Accumulator column_sum(const Word& x, const Stationary& tile, int n) {
  Accumulator sum[kRows];
ARRAY_ROW:
  for (int k = 0; k < kRows; ++k) {
#pragma HLS UNROLL
    sum[k] = Product(x[k] * tile.active[k][n]);
  }
TREE:
  for (int width = kRows / 2; width > 0; width /= 2) {
#pragma HLS UNROLL
  TREE_LEVEL:
    for (int k = 0; k < width; ++k) {
#pragma HLS UNROLL
      sum[k] = Accumulator(sum[2 * k] + sum[2 * k + 1]);
    }
  }
  return sum[0];
}

/// Sums of all columns, on top of the partial sums where they go `on`, else of the bias (linear layers) or of
/// nothing (attention).
inline Lanes<kCols, kAccBits> column_sums(const Word& x, const Stationary& tile, AccumulatorWord partial,
                                          bool on, bool attention) {
  const Lanes<kCols, kAccBits> before = unpack<kCols, kAccBits>(partial);
  Lanes<kCols, kAccBits> sums;
ARRAY_COLUMN:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
    const Accumulator bias = attention ? Accumulator(0) : Accumulator(tile.active_channel[n].bias);
    sums[n] = Accumulator(column_sum(x, tile, n) + (on ? before[n] : bias));
  }
  return sums;
}

/// The requantisers, one a column: of a column's sum by its channel record, of a score by the command's
/// scale, of a context by its row's scale. `clipped`: which lanes met an end.
inline Lanes<kCols, kLaneBits> requantise_lanes(const Lanes<kCols, kAccBits>& sums, const RowScale& row,
                                                const Stationary& tile, const Activity& activity,
                                                const Command& command, LaneValue limit, Clipped& clipped) {
  Lanes<kCols, kLaneBits> lane;
LANE:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
    Multiplier multiplier = tile.active_channel[n].multiplier;
    Shift shift = tile.active_channel[n].shift;
    if (activity.scores) {
      multiplier = command.mult0;
      shift = command.shift0;
    }
    if (activity.context) {
      multiplier = row.multiplier;
      shift = row.shift;
    }
    const Saturated<kLaneBits> result =
        requantise(sums[n], multiplier, shift, activity.scores ? largest(kScoreBits) : limit);
    lane[n] = result.value;
    clipped.lane[n] = result.clipped;
  }
  return lane;
}

}  // namespace edgemoe
