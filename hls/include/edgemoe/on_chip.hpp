// SPDX-License-Identifier: Apache-2.0
// Everything that is kept on chip between commands, and between the steps of the engine. The compute process
// owns it.
#pragma once

#include "edgemoe/attention.hpp"
#include "edgemoe/experts.hpp"
#include "edgemoe/keys.hpp"
#include "edgemoe/memories.hpp"

namespace edgemoe {

struct Memories {
  Beat act[kBanks][kActDepth];  // what moves through the array
  KeyMemory keys;               // what attention holds: k and v
  ResidualWord residual[kBanks][kResidualDepth];
  SumWord accum[kBanks][kResidualDepth];         // weighted sums of experts
  AccumulatorWord psum[kMaxTokens];              // partial sums of a column tile
  ScoreWord scores[kBanks][kScoreDepth];         // of a head
  IntegerMaximum maxima[kMaxTokens];             // of a query's scores
  ExponentialSum totals[kMaxTokens];             // of a query's exponentials
  AccumulatorWord gate[kGateTiles][kMaxTokens];  // raw logits
  ChoiceWord choice[kMaxTokens];                 // what the gate chose
  QueueEntry queue[kQueueDepth];                 // and for whom
};

/// Every bank has ports of its own. To be called where the memories are declared.
inline void partition(Memories& memory) {
#pragma HLS ARRAY_PARTITION variable = memory.act complete dim = 1
#pragma HLS ARRAY_PARTITION variable = memory.keys complete dim = 1
#pragma HLS ARRAY_PARTITION variable = memory.residual complete dim = 1
#pragma HLS ARRAY_PARTITION variable = memory.accum complete dim = 1
#pragma HLS ARRAY_PARTITION variable = memory.scores complete dim = 1
#pragma HLS ARRAY_PARTITION variable = memory.gate complete dim = 1
  if constexpr (kUltraRam) {  // as wide and shallow as they are, no tool would choose it by itself
#pragma HLS BIND_STORAGE variable = memory.residual type = ram_s2p impl = uram
#pragma HLS BIND_STORAGE variable = memory.scores type = ram_s2p impl = uram
  }
}

}  // namespace edgemoe
