// SPDX-License-Identifier: Apache-2.0
// The array: a moving word meets the stationary tile, and each column adds up its products. Linear layers,
// experts, scores and contexts all run through it; a requantiser a column follows.
#pragma once

#include <hls_dsp_builtins.h>

#include "edgemoe/attention.hpp"
#include "edgemoe/stationary.hpp"

namespace edgemoe {

/// Products of a column are added up in cascades of this many DSP slices, one above the other, and a tree
/// adds the cascades: a link costs no logic and a cycle, a level of the tree costs an adder for each two
/// sums.
constexpr int kCascade = 16;
constexpr int kCascades = kRows / kCascade;
static_assert(kCascades * kCascade == kRows && kAccBits == 48, "a column is whole cascades of DSP slices");

/// The sum of x[k] * tile[k][n] over the rows of cascade `first` of column n.
inline Accumulator cascade_sum(const Word& x, const Stationary& tile, int first, int n) {
  using namespace hls::dsp48e2;
  constexpr auto kSlice = REG_A1 | REG_B1 | REG_M | REG_P;
  C_t sum = mul_add<kSlice | REG_C>(x[first], tile.active[first][n], 0);
ARRAY_ROW:
  for (int k = 1; k < kCascade; ++k) {
#pragma HLS UNROLL
    sum = cascade<kSlice>().mul_add(x[first + k], tile.active[first + k][n], sum).pcout;
  }
  return sum;
}

/// The sum of x[k] * tile[k][n] over a column n.
inline Accumulator column_sum(const Word& x, const Stationary& tile, int n) {
  Accumulator sum[kCascades];
CASCADE:
  for (int i = 0; i < kCascades; ++i) {
#pragma HLS UNROLL
    sum[i] = cascade_sum(x, tile, i * kCascade, n);
  }
TREE:
  for (int width = kCascades / 2; width > 0; width /= 2) {
#pragma HLS UNROLL
  TREE_LEVEL:
    for (int i = 0; i < width; ++i) {
#pragma HLS UNROLL
      sum[i] = Accumulator(sum[2 * i] + sum[2 * i + 1]);
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
