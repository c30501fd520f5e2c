// SPDX-License-Identifier: Apache-2.0
// Everything that is checked of a layer program before it runs; the list is in docs/reference/machine.md.
// Of several errors of one descriptor the lowest code counts, so the order of the checks doesn't matter.
#pragma once

#include "edgemoe/command.hpp"

namespace edgemoe {

using Bytes = ap_uint<40>;

/// Sizes of the DRAM regions in bytes.
struct Regions {
  ap_uint<32> program;
  ap_uint<32> weights;
  ap_uint<32> image;
  ap_uint<32> output;
  ap_uint<32> statistics;
};

/// The lowest code so far.
struct Verdict {
  ap_uint<8> code;

  void require(bool good, Error error) {
    if (!good && (code == kErrorNone || code > error)) code = int(error);
  }
};

/// What the checks carry from one descriptor to the next.
struct ProgramState {
  bool gate_open;  // the queues of a GATE wait for what takes them
  ap_uint<16> gate_tokens;
  ap_uint<8> gate_experts;  // or heads
  ap_uint<8> gate_group;
  ap_uint<32> records;  // statistics records so far, in the worst case
};

/// One past the last row of a tensor of `planes` planes. More of them than a memory can have are an error of
/// a lower code.
inline ap_uint<34> range_end(ap_uint<16> base, PlaneCount planes, ap_uint<16> stride, ap_uint<16> tokens) {
  const ap_uint<32> before = PlaneCount(planes - 1) * stride;
  return ap_uint<34>(base + before + tokens);
}

/// One past the last row of each tensor that a descriptor's operation has.
struct Ends {
  ap_uint<34> src;
  ap_uint<34> dst;
  ap_uint<34> aux;
  ap_uint<34> key;
};

inline Ends ends_of(const Command& c) {
  const bool attention = c.opcode == kOpcodeAttention;
  const bool linear = c.opcode == kOpcodeLinear;
  const PlaneCount heads = PlaneCount(c.heads);
  const PlaneCount inputs = attention ? heads : PlaneCount(c.k_tiles);
  const PlaneCount outputs = PlaneCount((c.n_tiles + (kBanks - 1)) >> kBankBits);  // EXPERTS: of fc1
  Ends ends;
  ends.src = range_end(c.src_base, inputs, c.src_stride, c.tokens);
  ends.dst = range_end(c.dst_base, linear ? outputs : inputs, c.dst_stride, c.tokens);
  ends.aux = range_end(c.aux_base, attention ? heads : outputs, c.aux_stride, c.tokens);
  ends.key = range_end(c.key_base, heads, c.key_stride, c.tokens);
  return ends;
}

inline bool disjoint(ap_uint<16> base, ap_uint<34> end, ap_uint<16> other_base, ap_uint<34> other_end) {
  return end <= other_base || other_end <= base;
}

inline void check_tokens(Verdict& verdict, const Command& c) {
  verdict.require(c.tokens >= 1 && c.tokens <= kMaxTokens, kErrorTokens);
}

inline void check_k_tiles(Verdict& verdict, const Command& c) {
  verdict.require(c.k_tiles >= 1 && c.k_tiles <= kMaxKTiles, kErrorKTiles);
}

inline bool good_shift(ap_uint<8> shift) {
  return shift >= 1 && shift <= kShiftMax;
}

/// `bytes` bytes from `offset` on lie in a region of `size` bytes, which is read or written in units of
/// `unit_mask` + 1 bytes.
inline void check_range(Verdict& verdict, ap_uint<32> offset, ap_uint<8> unit_mask, Bytes bytes,
                        ap_uint<32> size) {
  verdict.require((offset & unit_mask) == 0, kErrorAlign);
  verdict.require(offset + bytes <= size, kErrorDram);
}

/// What an operation reads of DRAM: LOAD of one region or another, the others of the weights.
inline void check_reads(Verdict& verdict, const Command& c, const Regions& regions) {
  const bool load = c.opcode == kOpcodeLoad;
  const bool layernorm = c.opcode == kOpcodeLayernorm;
  const bool experts = c.opcode == kOpcodeExperts;
  const ap_uint<32> beats = load ? load_beats(c) : layernorm ? norm_beats(c) : weight_beats(c);
  const Bytes others = ExpertCount(c.heads - 1) * c.size;  // experts before the last one
#pragma HLS BIND_OP variable = others op = mul impl = fabric
  const Bytes bytes = Bytes((Bytes(beats) << kBeatShift) + (experts ? others : Bytes(0)));
  if (load && c.region == kRegionImage) {
    check_range(verdict, c.offset, kBeatBytes - 1, bytes, regions.image);
  } else if (load || layernorm || experts || c.opcode == kOpcodeLinear) {
    check_range(verdict, c.offset, kFeedBytes - 1, bytes, regions.weights);
  }
}

/// What an operation writes to DRAM: STORE, and LINEAR with the epilogue for it.
inline void check_writes(Verdict& verdict, const Command& c, const Regions& regions) {
  const bool linear = c.opcode == kOpcodeLinear && c.epilogue == kEpilogueDram;
  const ap_uint<32> beats = linear ? output_beats(c) : store_beats(c);
  if (linear || c.opcode == kOpcodeStore) {
    check_range(verdict, linear ? c.size : c.offset, kBeatBytes - 1, Bytes(beats) << kBeatShift,
                regions.output);
  }
}

inline void check_load(Verdict& verdict, const Command& c) {
  verdict.require(c.space == kSpaceAct || c.space == kSpaceResidual, kErrorSpace);
  verdict.require(c.space != kSpaceAct || c.format == kFormatU8 || c.format == kFormatI16, kErrorFormat);
  verdict.require(c.space != kSpaceResidual || c.format == kFormatI32, kErrorFormat);
  verdict.require(c.region == kRegionWeights || c.region == kRegionImage, kErrorRegion);
  verdict.require(c.size != 0, kErrorSize);
  const ap_uint<16> depth = c.space == kSpaceAct ? kActDepth : kResidualDepth;
  verdict.require(c.dst_base + c.size <= depth, kErrorAddress);
}

inline void check_linear(Verdict& verdict, const Command& c, const Ends& ends) {
  const bool requant = c.epilogue == kEpilogueRequant;
  const bool gelu = c.epilogue == kEpilogueGelu;
  const bool residual = c.epilogue == kEpilogueResidual;
  const bool raw = c.epilogue == kEpilogueRaw;
  const bool dram = c.epilogue == kEpilogueDram;
  check_tokens(verdict, c);
  check_k_tiles(verdict, c);
  const ap_uint<16> most_n = raw ? kMaxExperts / kCols : kMaxNTiles;
  verdict.require(c.n_tiles >= 1 && c.n_tiles <= most_n, kErrorNTiles);
  verdict.require(c.weight_bits == 8 || c.weight_bits == 16, kErrorWeightBits);
  verdict.require(requant || gelu || residual || raw || dram, kErrorEpilogue);
  verdict.require(!requant || c.space == kSpaceAct || c.space == kSpaceKeys, kErrorSpace);
  const bool to_keys = requant && c.space == kSpaceKeys;
  const bool to_memory = requant || gelu || residual;
  verdict.require(c.src_stride >= c.tokens && (!to_memory || c.dst_stride >= c.tokens), kErrorStride);
  const ap_uint<16> depth = residual ? kResidualDepth : (to_keys ? kKeyDepth : kActDepth);
  verdict.require(ends.src <= kActDepth && (!to_memory || ends.dst <= depth), kErrorAddress);
  const bool both_in_act = gelu || (requant && !to_keys);
  verdict.require(!both_in_act || disjoint(c.src_base, ends.src, c.dst_base, ends.dst), kErrorOverlap);
  verdict.require(!gelu || good_shift(c.shift0), kErrorShift);
}

inline void check_layernorm(Verdict& verdict, const Command& c, const Ends& ends) {
  check_tokens(verdict, c);
  check_k_tiles(verdict, c);
  verdict.require(c.src_stride >= c.tokens && c.dst_stride >= c.tokens, kErrorStride);
  verdict.require(ends.src <= kResidualDepth && ends.dst <= kActDepth, kErrorAddress);
  verdict.require(c.eps >= kEpsMin && (c.eps >> kEpsBits) == 0, kErrorEpsilon);
  verdict.require(c.dim >= 1 && c.dim <= c.k_tiles * kRows && c.dim <= kMaxDim, kErrorDim);
}

inline void check_attention(Verdict& verdict, const Command& c, const Ends& ends) {
  check_tokens(verdict, c);
  verdict.require(c.heads >= 1 && c.heads <= kMaxKTiles, kErrorHeads);
  verdict.require(c.src_stride >= c.tokens && c.dst_stride >= c.tokens && c.aux_stride >= c.tokens &&
                      c.key_stride >= c.tokens,
                  kErrorStride);
  verdict.require(
      ends.src <= kActDepth && ends.dst <= kActDepth && ends.key <= kKeyDepth && ends.aux <= kKeyDepth,
      kErrorAddress);
  verdict.require(disjoint(c.src_base, ends.src, c.dst_base, ends.dst), kErrorOverlap);
  verdict.require(good_shift(c.shift0) && c.shift1 <= kContextShiftMax, kErrorShift);
}

inline void check_gate(Verdict& verdict, const Command& c) {
  check_tokens(verdict, c);
  verdict.require(c.heads >= 1 && c.heads <= kMaxExperts, kErrorHeads);
  verdict.require(c.group >= 1 && c.group <= kMaxTopK && c.group <= c.heads, kErrorGroup);
  verdict.require(good_shift(c.shift0), kErrorShift);
  verdict.require((c.rule == kRuleSoftmaxAll || c.rule == kRuleSoftmaxTopk) && c.threshold <= kScoreUnit,
                  kErrorRule);
}

inline void check_experts(Verdict& verdict, const Command& c, const Ends& ends) {
  check_tokens(verdict, c);
  const ap_uint<16> hidden_planes = ap_uint<16>(c.n_tiles >> kBankBits);
  verdict.require(c.k_tiles >= 1 && c.k_tiles <= kMaxKTiles && c.k_tiles * kBanks <= kMaxNTiles,
                  kErrorKTiles);
  verdict.require(hidden_planes >= 1 && hidden_planes <= kMaxKTiles && (c.n_tiles & (kBanks - 1)) == 0 &&
                      c.n_tiles <= kMaxNTiles,
                  kErrorNTiles);
  verdict.require(c.weight_bits == 8 || c.weight_bits == 16, kErrorWeightBits);
  verdict.require(c.heads >= 1 && c.heads <= kMaxExperts, kErrorHeads);
  verdict.require(c.src_stride >= c.tokens && c.aux_stride >= c.tokens && c.dst_stride >= c.tokens,
                  kErrorStride);
  verdict.require(ends.src <= kActDepth && ends.aux <= kActDepth && ends.dst <= kResidualDepth,
                  kErrorAddress);
  verdict.require(disjoint(c.src_base, ends.src, c.aux_base, ends.aux), kErrorOverlap);
  verdict.require(good_shift(c.shift0), kErrorShift);
  verdict.require((c.size & (kFeedBytes - 1)) == 0, kErrorAlign);
}

inline void check_combine(Verdict& verdict, const Command& c, const Ends& ends) {
  check_tokens(verdict, c);
  check_k_tiles(verdict, c);
  verdict.require(c.dst_stride >= c.tokens, kErrorStride);
  verdict.require(ends.dst <= kResidualDepth, kErrorAddress);
}

/// Rows of a memory that STORE reads.
inline ap_uint<16> store_depth(ap_uint<4> space) {
  switch (space) {
    case kSpaceAct:
      return kActDepth;
    case kSpaceKeys:
      return kKeyDepth;
    case kSpaceChoice:
      return kMaxTokens;
    default:
      return kResidualDepth;
  }
}

inline void check_store(Verdict& verdict, const Command& c) {
  verdict.require(c.space <= kSpaceChoice, kErrorSpace);
  verdict.require(c.size != 0, kErrorSize);
  verdict.require(c.src_base + c.size <= store_depth(c.space), kErrorAddress);
}

/// GATE alternates and agrees with what takes its queues, EXPERTS or an ATTENTION with a group; END is the
/// last descriptor and finds no open gate.
inline void check_sequence(Verdict& verdict, ProgramState& state, const Command& c, bool last) {
  verdict.require((c.opcode == kOpcodeEnd) == last, kErrorEnd);
  const bool agrees = state.gate_open && c.tokens == state.gate_tokens && c.heads == state.gate_experts;
  verdict.require(c.opcode != kOpcodeGate || !state.gate_open, kErrorSequence);
  verdict.require(c.opcode != kOpcodeExperts || agrees, kErrorSequence);
  verdict.require(!takes_heads(c) || (agrees && c.group == state.gate_group), kErrorSequence);
  verdict.require(c.opcode != kOpcodeEnd || !state.gate_open, kErrorSequence);
  if (c.opcode == kOpcodeGate) {
    state.gate_open = true;
    state.gate_tokens = c.tokens;
    state.gate_experts = c.heads;
    state.gate_group = c.group;
  } else if (c.opcode == kOpcodeExperts || takes_heads(c)) {
    state.gate_open = false;
  }
}

/// The verdict on one descriptor.
inline ap_uint<8> check_descriptor(ProgramState& state, const Command& c, const Regions& regions, bool last) {
  Verdict verdict;
  verdict.code = int(kErrorNone);
  check_sequence(verdict, state, c, last);
  const Ends ends = ends_of(c);
  switch (c.opcode) {
    case kOpcodeEnd:
      break;
    case kOpcodeLoad:
      check_load(verdict, c);
      break;
    case kOpcodeLinear:
      check_linear(verdict, c, ends);
      break;
    case kOpcodeLayernorm:
      check_layernorm(verdict, c, ends);
      break;
    case kOpcodeAttention:
      check_attention(verdict, c, ends);
      break;
    case kOpcodeGate:
      check_gate(verdict, c);
      break;
    case kOpcodeExperts:
      check_experts(verdict, c, ends);
      break;
    case kOpcodeCombine:
      check_combine(verdict, c, ends);
      break;
    case kOpcodeStore:
      check_store(verdict, c);
      break;
    default:
      verdict.require(false, kErrorOpcode);
      break;
  }
  check_reads(verdict, c, regions);
  check_writes(verdict, c, regions);
  if (c.opcode != kOpcodeEnd) {
    state.records = ap_uint<32>(state.records + 1 + (c.opcode == kOpcodeExperts ? c.heads : ap_uint<8>(0)));
  }
  verdict.require((Bytes(state.records) << 6) <= regions.statistics, kErrorStatistics);
  return verdict.code;
}

}  // namespace edgemoe
