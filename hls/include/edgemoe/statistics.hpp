// SPDX-License-Identifier: Apache-2.0
// Counters since the last statistics record, and the 64-byte record that leaves for DRAM.
#pragma once

#include <hls_stream.h>

#include "edgemoe/engine_control.hpp"

namespace edgemoe {

struct Statistics {
  Counter cycle_start;
  Counter engine_steps;
  Counter mac_steps;
  Counter x_reads;
  Counter key_reads;
  Counter score_writes;
  Counter read_beats;
  Counter exp_evaluations;
  Counter write_beats;
  Counter saturated;
};

inline Statistics clear_statistics(Counter now) {
  Statistics s;
  s.cycle_start = now;
  s.engine_steps = 0;
  s.mac_steps = 0;
  s.x_reads = 0;
  s.key_reads = 0;
  s.score_writes = 0;
  s.read_beats = 0;
  s.exp_evaluations = 0;
  s.write_beats = 0;
  s.saturated = 0;
  return s;
}

/// Counts one iteration of the engine: what the array does, `sent` when a beat leaves for DRAM, `saturated`
/// lanes clipped.
inline void count_step(Statistics& s, const Control& control, const Shape& shape, const Activity& activity,
                       bool sent, ColumnCount saturated) {
  s.engine_steps = Counter(s.engine_steps + 1);
  s.mac_steps = Counter(s.mac_steps + ap_uint<1>(activity.array));
  s.x_reads = Counter(s.x_reads + ap_uint<1>(activity.array && !activity.context));
  s.key_reads = Counter(s.key_reads + ap_uint<1>(control.loading && shape.attention));
  s.read_beats =
      Counter(s.read_beats + (control.loading && !shape.attention ? ap_uint<3>(kFeedBeats) : ap_uint<3>(0)));
  s.write_beats = Counter(s.write_beats + ap_uint<1>(sent));
  s.saturated = Counter(s.saturated + saturated);
  const TileSize none = 0;
  s.score_writes = Counter(s.score_writes + (activity.scores ? control.active.size : none));
  s.exp_evaluations = Counter(s.exp_evaluations + (activity.context ? control.active.size : none));
}

/// Word `index` of the record of `command`, in the order of the generated header.
inline Counter record_word(const Statistics& s, const Command& command, Counter now, int index) {
  const bool expert = command.opcode == kOpcodeLinear && command.epilogue == kEpilogueExpert;
  switch (index) {
    case kStatisticsStage:
      return command.stage;
    case kStatisticsKind:
      return expert ? Counter(int(kOpcodeExperts)) : Counter(command.opcode);
    case kStatisticsExpert:
      return expert ? Counter(command.expert) : Counter(kNoIndex);
    case kStatisticsTokens:  // of ATTENTION all, not those of the last head's queue
      return command.opcode == kOpcodeAttention ? Counter(command.k_tiles) : Counter(command.tokens);
    case kStatisticsCycleStart:
      return s.cycle_start;
    case kStatisticsCycleEnd:
      return now;
    case kStatisticsEngineSteps:
      return s.engine_steps;
    case kStatisticsMacSteps:
      return s.mac_steps;
    case kStatisticsXReads:
      return s.x_reads;
    case kStatisticsKeyReads:
      return s.key_reads;
    case kStatisticsScoreWrites:
      return s.score_writes;
    case kStatisticsReadBeats:
      return s.read_beats;
    case kStatisticsExpEvaluations:
      return s.exp_evaluations;
    case kStatisticsWriteBeats:
      return s.write_beats;
    case kStatisticsSaturated:
      return s.saturated;
    default:
      return 0;
  }
}

/// Sends the record, in whole beats.
inline void send_record(const Statistics& s, const Command& command, Counter now,
                        hls::stream<Beat>& results) {
RECORD_BEAT:
  for (int beat = 0; beat < kDescriptorBytes / kBeatBytes; ++beat) {
#pragma HLS UNROLL
    constexpr int kWords = kBeatBytes / 4;
    Beat word = 0;
  RECORD_WORD:
    for (int i = 0; i < kWords; ++i) {
#pragma HLS UNROLL
      word = word | (Beat(record_word(s, command, now, kWords * beat + i)) << (32 * i));
    }
    results.write(word);
  }
}

}  // namespace edgemoe
