// SPDX-License-Identifier: Apache-2.0
// The compute process: owner of every on-chip memory, executor of every command. After each command (but the
// first half of an expert) it sends a statistics record.
#pragma once

#include <hls_cycle.h>
#include <hls_stream.h>

#include "edgemoe/combine.hpp"
#include "edgemoe/engine.hpp"
#include "edgemoe/gate.hpp"
#include "edgemoe/layernorm.hpp"
#include "edgemoe/statistics.hpp"
#include "edgemoe/transfers.hpp"

namespace edgemoe {

inline void compute(hls::stream<CommandWord>& commands, hls::stream<Feed>& feeds, hls::stream<Beat>& beats,
                    hls::stream<Beat>& results, hls::stream<ap_uint<16>>& expert_tokens) {
  Memories memory;
  partition(memory);
  NormMemories norms;
  partition(norms);
  RankingWord rankings[kMaxTokens];
  ShareWord shares[kMaxTokens];

  const Counter start = hls::cycle_count();
  Statistics statistics = clear_statistics(0);
  bool running = true;
COMMANDS:
  while (running) {
    const Command command = unpack_command(commands.read());
    switch (command.opcode) {
      case kOpcodeLoad:
        statistics.saturated = load(command, feeds, beats, memory);
        statistics.read_beats = load_beats(command);
        break;
      case kOpcodeLinear:
      case kOpcodeAttention:
        if (takes_heads(command)) clear_context(command, memory.act);
        if (command.tokens != 0) engine(command, feeds, results, memory, statistics);
        break;
      case kOpcodeLayernorm:
        statistics.saturated = layernorm(command, memory.residual, norms, memory.act, feeds);
        statistics.read_beats = norm_beats(command);
        break;
      case kOpcodeGate:
        statistics.saturated = gate_tokens(command, memory.gate, rankings, shares, memory.choice,
                                           memory.queue, memory.accum, expert_tokens);
        break;
      case kOpcodeCombine:
        statistics.saturated = combine(command, memory.accum, memory.residual);
        break;
      case kOpcodeStore:
        store_words(command, memory, results);
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
