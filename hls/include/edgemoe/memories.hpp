// SPDX-License-Identifier: Apache-2.0
// The on-chip memories. They live in the compute process; each has one read and one write port a bank.
#pragma once

#include "edgemoe/packing.hpp"

namespace edgemoe {

/// A tensor of T tokens x D channels in planes of kRows channels: element (t, c) at word base +
/// (c/kRows)*stride + t, lane c%kRows, i.e. bank (c%kRows)/kCols and lane c%kCols of that sub-word.
template <int Depth>
using TensorMemory = Beat[kBanks][Depth];

/// The residual, a tensor of wider values.
using ResidualMemory = ResidualWord[kBanks][kResidualDepth];

/// Sums of weighted expert outputs, in the layout of the residual.
using SumMemory = SumWord[kBanks][kResidualDepth];

/// Raw gate logits: one row of kCols a token and tile of experts.
constexpr int kGateTiles = kMaxExperts / kCols;
using GateMemory = AccumulatorWord[kGateTiles][kMaxTokens];

/// Scores of a head: a tile of keys is kRows scores of a query, one word a query, tile after tile.
using ScoreMemory = ScoreWord[kBanks][kScoreDepth];

/// Reads the sub-words of a row of lanes of W bits.
template <int W, int Depth>
Lanes<kRows, W> read_lanes(const ap_uint<kCols * W> (&memory)[kBanks][Depth], ap_uint<16> row) {
  Lanes<kRows, W> word;
READ_BANK:
  for (int bank = 0; bank < kBanks; ++bank) {
#pragma HLS UNROLL
    const Lanes<kCols, W> part = unpack<kCols, W>(memory[bank][row]);
  READ_LANE:
    for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
      word[bank * kCols + n] = part[n];
    }
  }
  return word;
}

template <int Depth>
Lanes<kRows, 16> read_word(const TensorMemory<Depth>& memory, ap_uint<16> row) {
  return read_lanes<16, Depth>(memory, row);
}

}  // namespace edgemoe
