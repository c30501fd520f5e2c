// SPDX-License-Identifier: Apache-2.0
// The walker process: reads the layer program, checks all of it, then reads it again and expands descriptors
// into commands for the other processes. What comes from DRAM the second time passes the same checks before
// anything is sent. For each operation the transfers go first, so no process waits for one that was not
// announced.
#pragma once

#include <hls_burst_maxi.h>
#include <hls_stream.h>

#include "edgemoe/checks.hpp"
#include "edgemoe/packing.hpp"
#include "edgemoe/store.hpp"

namespace edgemoe {

constexpr int kDescriptorBits = 8 * kDescriptorBytes;
constexpr int kDescriptorBeats = kDescriptorBytes / kBeatBytes;

/// Sum of a beat's words modulo 2^32.
inline ap_uint<32> beat_sum(Beat beat) {
  ap_uint<32> sum = 0;
SUM_WORDS:
  for (int i = 0; i < kBusBits / 32; ++i) {
#pragma HLS UNROLL
    sum = ap_uint<32>(sum + bits<32>(beat, 32 * i));
  }
  return sum;
}

/// Next 64 bytes of an outstanding read; adds their words to `sum`.
inline CommandWord read_descriptor(hls::burst_maxi<Beat> program, ap_uint<32>& sum) {
  CommandWord word = 0;
READ_DESCRIPTOR:
  for (int i = 0; i < kDescriptorBeats; ++i) {
#pragma HLS PIPELINE II = 1
    const Beat beat = program.read();
    const CommandWord rest =
        kDescriptorBeats == 1 ? CommandWord(0) : CommandWord(word >> (kBusBits % kDescriptorBits));
    word = CommandWord(rest | (CommandWord(beat) << (kDescriptorBeats - 1) * kBusBits));
    sum = ap_uint<32>(sum + beat_sum(beat));
  }
  return word;
}

/// What is known of a program after the checks, or after its run.
struct ProgramVerdict {
  ap_uint<32> status;
  ap_uint<32> error_index;
};

inline ap_uint<8> check_header(const CommandWord& header, ap_uint<32> program_bytes) {
  const ap_uint<32> count = bits<32>(header, 64);
  if (bits<32>(header, 0) != kMagic) return int(kErrorMagic);
  if (bits<32>(header, 32) != kVersion) return int(kErrorVersion);
  const bool fits = (Bytes(count) << 6) + kDescriptorBytes <= program_bytes;
  if (count == 0 || count > kMaxDescriptors || !fits) return int(kErrorCount);
  return int(kErrorNone);
}

/// What the checks know before the first descriptor.
inline ProgramState first_state() {
  ProgramState state;
  state.gate_open = false;
  state.gate_tokens = 0;
  state.gate_experts = 0;
  state.gate_group = 0;
  state.records = 0;
  return state;
}

/// Of the first reading a wrong checksum goes before wrong fields; of wrong descriptors the first counts.
/// What is wrong in the second reading has changed since the first, and is noticed at this descriptor.
inline void judge(ProgramVerdict& verdict, ap_uint<8> code, bool wrong_sum, ap_uint<32> index, bool running) {
  if (running) {
    if (code != kErrorNone || wrong_sum) {
      verdict.status = int(kErrorChanged);
      verdict.error_index = index;
    }
  } else if (wrong_sum) {
    verdict.status = int(kErrorChecksum);
    verdict.error_index = kNoIndex;
  } else if (verdict.status == kErrorNone && code != kErrorNone) {
    verdict.status = code;
    verdict.error_index = index;
  }
}

/// Reads a program and checks it, then reads it again and calls `run` with each descriptor but END. DRAM may
/// have changed in between, so a descriptor passes the checks a second time before it runs, and END finds the
/// same sum. Both readings go through one loop, which has the checks once.
template <typename Run>
ProgramVerdict walk_program(hls::burst_maxi<Beat> program, const Regions& regions, Run& run) {
  ProgramVerdict verdict;
  verdict.status = int(kErrorCount);
  verdict.error_index = kNoIndex;
  if (regions.program >= kDescriptorBytes) {
    program.read_request(0, kDescriptorBeats);
    ap_uint<32> sum = 0;
    const CommandWord header = read_descriptor(program, sum);
    const ap_uint<32> count = bits<32>(header, 64);
    verdict.status = check_header(header, regions.program);
  READINGS:
    for (int reading = 0; reading < 2; ++reading) {
      const bool running = reading == 1;
      const bool wanted = verdict.status == kErrorNone;
      ProgramState state = first_state();
      sum = 0;  // of the descriptors alone
      // What was requested is read to its end: the first reading all at once, the second as it goes.
      if (wanted && !running) {
        program.read_request(kDescriptorBeats, ap_uint<32>(count * kDescriptorBeats));
      }
    DESCRIPTORS:
      for (ap_uint<32> i = 0; wanted && i != count && (!running || verdict.status == kErrorNone); ++i) {
        if (running) program.read_request(ap_uint<32>((i + 1) * kDescriptorBeats), kDescriptorBeats);
        const CommandWord word = read_descriptor(program, sum);
        const Command c = unpack_descriptor(word);
        const bool last = i + 1 == count;
        const bool wrong_sum = last && sum != bits<32>(header, 96);
        judge(verdict, check_descriptor(state, c, regions, last), wrong_sum, i, running);
        if (running && !last && verdict.status == kErrorNone) run(c);
      }
    }
  }
  return verdict;
}

inline void send_transfer(hls::stream<TransferWord>& stream, ap_uint<32> offset, ap_uint<32> beats,
                          int region) {
  Transfer transfer;
  transfer.offset = offset;
  transfer.beats = beats;
  transfer.region = region;
  transfer.end = false;
  stream.write(pack_transfer(transfer));
}

inline void send_end(hls::stream<TransferWord>& stream) {
  Transfer transfer;
  transfer.offset = 0;
  transfer.beats = 0;
  transfer.region = 0;
  transfer.end = true;
  stream.write(pack_transfer(transfer));
}

/// The statistics record after a command.
inline void send_record_place(hls::stream<TransferWord>& stores, ap_uint<32>& records) {
  send_transfer(stores, ap_uint<32>(records << 6), kDescriptorBeats, kStoreStatistics);
  records = ap_uint<32>(records + 1);
}

/// Transfers of an operation that touches DRAM by itself.
inline void send_transfers(const Command& c, hls::stream<TransferWord>& fetches,
                           hls::stream<TransferWord>& stores) {
  switch (c.opcode) {
    case kOpcodeLoad:
      send_transfer(fetches, c.offset, load_beats(c), c.region);
      break;
    case kOpcodeLinear:
      send_transfer(fetches, c.offset, weight_beats(c), kRegionWeights);
      if (c.epilogue == kEpilogueDram) send_transfer(stores, c.size, output_beats(c), kStoreOutput);
      break;
    case kOpcodeLayernorm:
      send_transfer(fetches, c.offset, norm_beats(c), kRegionWeights);
      break;
    case kOpcodeStore:
      send_transfer(stores, c.offset, store_beats(c), kStoreOutput);
      break;
    default:
      break;
  }
}

/// Both layers of one expert with `tokens` queued tokens.
inline void send_expert(const Command& c, ap_uint<8> expert, ap_uint<16> tokens, ap_uint<32> offset,
                        hls::stream<CommandWord>& commands, hls::stream<TransferWord>& fetches,
                        hls::stream<TransferWord>& stores, ap_uint<32>& records) {
  send_transfer(fetches, offset, weight_beats(c), kRegionWeights);
  send_record_place(stores, records);
  Command fc1 = c;
  fc1.opcode = int(kOpcodeLinear);
  fc1.epilogue = int(kEpilogueGelu);
  fc1.tokens = tokens;
  fc1.expert = expert;
  fc1.dst_base = c.aux_base;
  fc1.dst_stride = c.aux_stride;
  fc1.gather = true;
  fc1.record = false;
  commands.write(pack_command(fc1));
  Command fc2 = fc1;
  fc2.epilogue = int(kEpilogueExpert);
  fc2.k_tiles = ap_uint<16>(c.n_tiles >> kBankBits);
  fc2.n_tiles = ap_uint<16>(c.k_tiles << kBankBits);
  fc2.src_base = c.aux_base;
  fc2.src_stride = c.aux_stride;
  fc2.dst_base = c.dst_base;
  fc2.dst_stride = c.dst_stride;
  fc2.gather = false;
  fc2.record = true;
  commands.write(pack_command(fc2));
}

/// Experts with a token, in ascending order: the meta-queue. Of unused experts nothing is fetched.
inline void send_experts(const Command& c, const ap_uint<16> (&queued)[kMaxExperts],
                         hls::stream<CommandWord>& commands, hls::stream<TransferWord>& fetches,
                         hls::stream<TransferWord>& stores, ap_uint<32>& records) {
  ap_uint<32> offset = c.offset;
META_QUEUE:
  for (ap_uint<8> expert = 0; expert != c.heads; ++expert) {
    const ap_uint<16> tokens = queued[expert];
    if (tokens != 0) send_expert(c, expert, tokens, offset, commands, fetches, stores, records);
    offset = ap_uint<32>(offset + c.size);
  }
}

/// ATTENTION: one command for all heads, or, where tokens choose them, one for each with the tokens of its
/// queue, none perhaps: its part of the context is cleared all the same. The last one's record is that of
/// all. `k_tiles` are the keys.
inline void send_attention(const Command& c, const ap_uint<16> (&queued)[kMaxExperts],
                           hls::stream<CommandWord>& commands) {
  const bool by_choice = takes_heads(c);
  const ap_uint<8> last = by_choice ? ap_uint<8>(c.heads - 1) : ap_uint<8>(0);
  Command one = c;
  one.k_tiles = c.tokens;
  one.gather = by_choice;
  if (by_choice) one.heads = 1;
HEADS:
  for (ap_uint<8> head = 0; head <= last; ++head) {
    if (by_choice) one.tokens = queued[head];
    one.expert = head;
    one.record = head == last;
    commands.write(pack_command(one));
    one.src_base = ap_uint<16>(one.src_base + c.src_stride);
    one.dst_base = ap_uint<16>(one.dst_base + c.dst_stride);
    one.key_base = ap_uint<16>(one.key_base + c.key_stride);
    one.aux_base = ap_uint<16>(one.aux_base + c.aux_stride);
  }
}

/// Sends the commands and transfers of descriptors.
struct Sender {
  hls::stream<CommandWord>& commands;
  hls::stream<TransferWord>& fetches;
  hls::stream<TransferWord>& stores;
  hls::stream<ap_uint<16>>& expert_tokens;
  ap_uint<16> (&queued)[kMaxExperts];  // tokens of each expert or head, from the last GATE on
  ap_uint<32> records;                 // statistics records sent so far

  void operator()(const Command& c) {
    send_transfers(c, fetches, stores);
    if (c.opcode == kOpcodeExperts) send_experts(c, queued, commands, fetches, stores, records);
    send_record_place(stores, records);
    if (c.opcode == kOpcodeAttention) {
      send_attention(c, queued, commands);
    } else {
      commands.write(pack_command(c));
    }
    if (c.opcode == kOpcodeGate) {
    QUEUE_LENGTHS:
      for (ap_uint<8> expert = 0; expert != c.heads; ++expert)
        queued[expert] = expert_tokens.read();
    }
  }
};

inline void walker(hls::burst_maxi<Beat> program, ap_uint<32> program_bytes, ap_uint<32> weights_bytes,
                   ap_uint<32> image_bytes, ap_uint<32> output_bytes, ap_uint<32> statistics_bytes,
                   hls::stream<CommandWord>& commands, hls::stream<TransferWord>& fetches,
                   hls::stream<TransferWord>& stores, hls::stream<ap_uint<16>>& expert_tokens,
                   ap_uint<32>& status, ap_uint<32>& error_index, ap_uint<32>& records) {
  Regions regions;
  regions.program = program_bytes;
  regions.weights = weights_bytes;
  regions.image = image_bytes;
  regions.output = output_bytes;
  regions.statistics = statistics_bytes;
  ap_uint<16> queued[kMaxExperts];
  Sender sender{commands, fetches, stores, expert_tokens, queued, 0};
  const ProgramVerdict verdict = walk_program(program, regions, sender);
  Command end = unpack_descriptor(0);
  end.opcode = int(kOpcodeEnd);
  end.record = false;
  commands.write(pack_command(end));
  send_end(fetches);
  send_end(stores);
  status = verdict.status;
  error_index = verdict.error_index;
  records = sender.records;
}

}  // namespace edgemoe
