// SPDX-License-Identifier: Apache-2.0
// The compute process: owner of every on-chip memory, executor of every command. After each command (but the
// first half of an expert) it sends a statistics record.
#pragma once

#include <hls_cycle.h>
#include <hls_stream.h>

#include "edgemoe/engine.hpp"
#include "edgemoe/gate.hpp"
#include "edgemoe/layernorm.hpp"
#include "edgemoe/statistics.hpp"
#include "edgemoe/transfers.hpp"

namespace edgemoe {

inline void compute(hls::stream<CommandWord>& commands, hls::stream<Feed>& feeds, hls::stream<Beat>& beats,
                    hls::stream<Beat>& results, hls::stream<ap_uint<16>>& expert_tokens) {
  Beat act[kBanks][kActDepth];
#pragma HLS ARRAY_PARTITION variable = act complete dim = 1
  Beat query[kBanks][kQueryDepth];
#pragma HLS ARRAY_PARTITION variable = query complete dim = 1
  ResidualWord residual[kBanks][kResidualDepth];
#pragma HLS ARRAY_PARTITION variable = residual complete dim = 1
  SumWord accum[kBanks][kResidualDepth];
#pragma HLS ARRAY_PARTITION variable = accum complete dim = 1
  AccumulatorWord gate[kGateTiles][kMaxTokens];
#pragma HLS ARRAY_PARTITION variable = gate complete dim = 1
  AccumulatorWord psum[kMaxTokens];
  ScoreWord scores[kMaxTokens];
  TokenNormWord norms[kMaxTokens];
  RankingWord rankings[kMaxTokens];
  ShareWord shares[kMaxTokens];
  Beat choice[kMaxTokens];
  QueueEntry queue[kQueueDepth];

  const Counter start = hls::cycle_count();
  Statistics statistics = clear_statistics(0);
  bool running = true;
COMMANDS:
  while (running) {
    const Command command = unpack_command(commands.read());
    switch (command.opcode) {
      case kOpcodeLoad:
        statistics.saturated = load(command, feeds, beats, act, residual);
        statistics.read_beats = load_beats(command);
        break;
      case kOpcodeLinear:
      case kOpcodeAttention:
        engine(command, feeds, results, act, query, residual, accum, psum, scores, gate, queue, statistics);
        break;
      case kOpcodeLayernorm:
        statistics.saturated = layernorm(command, residual, norms, act, feeds);
        statistics.read_beats = norm_beats(command);
        break;
      case kOpcodeGate:
        statistics.saturated =
            gate_tokens(command, gate, rankings, shares, choice, queue, accum, expert_tokens);
        break;
      case kOpcodeCombine:
        statistics.saturated = combine(command, accum, residual);
        break;
      case kOpcodeStore:
        store_words(command, act, query, residual, accum, choice, results);
        statistics.write_beats = store_beats(command);
        break;
      case kOpcodeEnd:
        running = false;
        break;
      default:
        break;  // EXPERTS closes a list of experts: a record of its own, nothing to do
    }
    if (running && command.record) {
      const Counter now = Counter(hls::cycle_count() - start);
      send_record(statistics, command, now, results);
      statistics = clear_statistics(now);
    }
  }
}

}  // namespace edgemoe
