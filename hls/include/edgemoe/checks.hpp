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
  bool gate_open;  // a GATE waits for its EXPERTS
  ap_uint<16> gate_tokens;
  ap_uint<8> gate_experts;
  ap_uint<32> records;  // statistics records so far, in the worst case
};

/// One past the last row of a tensor of `planes` planes.
inline ap_uint<34> range_end(ap_uint<16> base, ap_uint<16> planes, ap_uint<16> stride, ap_uint<16> tokens) {
  // No stage waits for it, and every range of every operation has one: no DSP slices for them.
  const ap_uint<32> before = ap_uint<16>(planes - 1) * stride;
#pragma HLS BIND_OP variable = before op = mul impl = fabric
  return ap_uint<34>(base + before + tokens);
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

/// `bytes` bytes from `offset` on lie in a region of `size` bytes, which is read or written `unit` bytes at a
/// time.
inline void check_range(Verdict& verdict, ap_uint<32> offset, int unit, Bytes bytes, ap_uint<32> size) {
  verdict.require((offset & (unit - 1)) == 0, kErrorAlign);
  verdict.require(offset + bytes <= size, kErrorDram);
}
inline void check_dram(Verdict& verdict, ap_uint<32> offset, Bytes bytes, ap_uint<32> size) {
  check_range(verdict, offset, kBeatBytes, bytes, size);
}
inline void check_weights(Verdict& verdict, ap_uint<32> offset, Bytes bytes, const Regions& regions) {
  check_range(verdict, offset, kFeedBytes, bytes, regions.weights);
}

inline void check_load(Verdict& verdict, const Command& c, const Regions& regions) {
  verdict.require(c.space == kSpaceAct || c.space == kSpaceResidual, kErrorSpace);
  verdict.require(c.space != kSpaceAct || c.format == kFormatU8 || c.format == kFormatI16, kErrorFormat);
  verdict.require(c.space != kSpaceResidual || c.format == kFormatI32, kErrorFormat);
  verdict.require(c.region == kRegionWeights || c.region == kRegionImage, kErrorRegion);
  verdict.require(c.size != 0, kErrorSize);
  const ap_uint<16> depth = c.space == kSpaceAct ? kActDepth : kResidualDepth;
  verdict.require(c.dst_base + c.size <= depth, kErrorAddress);
  const Bytes bytes = Bytes(c.size) << (kBeatShift + format_shift(c.format));
  if (c.region == kRegionImage) {
    check_dram(verdict, c.offset, bytes, regions.image);
  } else {
    check_weights(verdict, c.offset, bytes, regions);
  }
}

inline void check_linear(Verdict& verdict, const Command& c, const Regions& regions) {
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
  const ap_uint<34> src_end = range_end(c.src_base, c.k_tiles, c.src_stride, c.tokens);
  const ap_uint<34> dst_end =
      range_end(c.dst_base, ap_uint<16>((c.n_tiles + (kBanks - 1)) >> kBankBits), c.dst_stride, c.tokens);
  const ap_uint<16> depth = residual ? kResidualDepth : (to_keys ? kKeyDepth : kActDepth);
  verdict.require(src_end <= kActDepth && (!to_memory || dst_end <= depth), kErrorAddress);
  const bool both_in_act = gelu || (requant && !to_keys);
  verdict.require(!both_in_act || disjoint(c.src_base, src_end, c.dst_base, dst_end), kErrorOverlap);
  verdict.require(!gelu || good_shift(c.shift0), kErrorShift);
  const Bytes bytes = Bytes(weight_beats(c.k_tiles, c.n_tiles, c.weight_bits == 16)) << kBeatShift;
  check_weights(verdict, c.offset, bytes, regions);
  if (dram) check_dram(verdict, c.size, Bytes(c.n_tiles * c.tokens) << kBeatShift, regions.output);
}

inline void check_layernorm(Verdict& verdict, const Command& c, const Regions& regions) {
  check_tokens(verdict, c);
  check_k_tiles(verdict, c);
  verdict.require(c.src_stride >= c.tokens && c.dst_stride >= c.tokens, kErrorStride);
  verdict.require(range_end(c.src_base, c.k_tiles, c.src_stride, c.tokens) <= kResidualDepth &&
                      range_end(c.dst_base, c.k_tiles, c.dst_stride, c.tokens) <= kActDepth,
                  kErrorAddress);
  verdict.require(c.eps >= kEpsMin && (c.eps >> kEpsBits) == 0, kErrorEpsilon);
  verdict.require(c.dim >= 1 && c.dim <= c.k_tiles * kRows && c.dim <= kMaxDim, kErrorDim);
  check_weights(verdict, c.offset, Bytes(norm_beats(c)) << kBeatShift, regions);
}

inline void check_attention(Verdict& verdict, const Command& c) {
  check_tokens(verdict, c);
  verdict.require(c.heads >= 1 && c.heads <= kMaxKTiles, kErrorHeads);
  verdict.require(c.src_stride >= c.tokens && c.dst_stride >= c.tokens && c.aux_stride >= c.tokens &&
                      c.key_stride >= c.tokens,
                  kErrorStride);
  const ap_uint<34> src_end = range_end(c.src_base, c.heads, c.src_stride, c.tokens);
  const ap_uint<34> aux_end = range_end(c.aux_base, c.heads, c.aux_stride, c.tokens);
  const ap_uint<34> dst_end = range_end(c.dst_base, c.heads, c.dst_stride, c.tokens);
  const ap_uint<34> key_end = range_end(c.key_base, c.heads, c.key_stride, c.tokens);
  verdict.require(
      src_end <= kActDepth && dst_end <= kActDepth && key_end <= kKeyDepth && aux_end <= kKeyDepth,
      kErrorAddress);
  verdict.require(disjoint(c.src_base, src_end, c.dst_base, dst_end), kErrorOverlap);
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

/// Weights of one expert in beats: fc1 (k_tiles x n_tiles), then fc2 (n_tiles / kBanks x kBanks k_tiles).
inline ap_uint<32> expert_beats(const Command& c) {
  const bool wide = c.weight_bits == 16;
  const ap_uint<16> hidden_planes = ap_uint<16>(c.n_tiles >> kBankBits);
  const ap_uint<16> output_tiles = ap_uint<16>(c.k_tiles << kBankBits);
  return ap_uint<32>(weight_beats(c.k_tiles, c.n_tiles, wide) +
                     weight_beats(hidden_planes, output_tiles, wide));
}

inline void check_experts(Verdict& verdict, const Command& c, const Regions& regions) {
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
  const ap_uint<34> src_end = range_end(c.src_base, c.k_tiles, c.src_stride, c.tokens);
  const ap_uint<34> aux_end = range_end(c.aux_base, hidden_planes, c.aux_stride, c.tokens);
  const ap_uint<34> dst_end = range_end(c.dst_base, c.k_tiles, c.dst_stride, c.tokens);
  verdict.require(src_end <= kActDepth && aux_end <= kActDepth && dst_end <= kResidualDepth, kErrorAddress);
  verdict.require(disjoint(c.src_base, src_end, c.aux_base, aux_end), kErrorOverlap);
  verdict.require(good_shift(c.shift0), kErrorShift);
  verdict.require((c.size & (kFeedBytes - 1)) == 0, kErrorAlign);
  const Bytes before = ap_uint<8>(c.heads - 1) * c.size;
  check_weights(verdict, c.offset, Bytes(before + (Bytes(expert_beats(c)) << kBeatShift)), regions);
}

inline void check_combine(Verdict& verdict, const Command& c) {
  check_tokens(verdict, c);
  check_k_tiles(verdict, c);
  verdict.require(c.dst_stride >= c.tokens, kErrorStride);
  verdict.require(range_end(c.dst_base, c.k_tiles, c.dst_stride, c.tokens) <= kResidualDepth, kErrorAddress);
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

inline void check_store(Verdict& verdict, const Command& c, const Regions& regions) {
  verdict.require(c.space <= kSpaceChoice, kErrorSpace);
  verdict.require(c.size != 0, kErrorSize);
  verdict.require(c.src_base + c.size <= store_depth(c.space), kErrorAddress);
  check_dram(verdict, c.offset, Bytes(c.size) << (kBeatShift + space_shift(c.space)), regions.output);
}

/// GATE and EXPERTS alternate and agree; END is the last descriptor and finds no open gate.
inline void check_sequence(Verdict& verdict, ProgramState& state, const Command& c, bool last) {
  verdict.require((c.opcode == kOpcodeEnd) == last, kErrorEnd);
  const bool agrees = state.gate_open && c.tokens == state.gate_tokens && c.heads == state.gate_experts;
  verdict.require(c.opcode != kOpcodeGate || !state.gate_open, kErrorSequence);
  verdict.require(c.opcode != kOpcodeExperts || agrees, kErrorSequence);
  verdict.require(c.opcode != kOpcodeEnd || !state.gate_open, kErrorSequence);
  if (c.opcode == kOpcodeGate) {
    state.gate_open = true;
    state.gate_tokens = c.tokens;
    state.gate_experts = c.heads;
  } else if (c.opcode == kOpcodeExperts) {
    state.gate_open = false;
  }
}

/// The verdict on one descriptor.
inline ap_uint<8> check_descriptor(ProgramState& state, const Command& c, const Regions& regions, bool last) {
  Verdict verdict;
  verdict.code = int(kErrorNone);
  check_sequence(verdict, state, c, last);
  switch (c.opcode) {
    case kOpcodeEnd:
      break;
    case kOpcodeLoad:
      check_load(verdict, c, regions);
      break;
    case kOpcodeLinear:
      check_linear(verdict, c, regions);
      break;
    case kOpcodeLayernorm:
      check_layernorm(verdict, c, regions);
      break;
    case kOpcodeAttention:
      check_attention(verdict, c);
      break;
    case kOpcodeGate:
      check_gate(verdict, c);
      break;
    case kOpcodeExperts:
      check_experts(verdict, c, regions);
      break;
    case kOpcodeCombine:
      check_combine(verdict, c);
      break;
    case kOpcodeStore:
      check_store(verdict, c, regions);
      break;
    default:
      verdict.require(false, kErrorOpcode);
      break;
  }
  if (c.opcode != kOpcodeEnd) {
    state.records = ap_uint<32>(state.records + 1 + (c.opcode == kOpcodeExperts ? c.heads : ap_uint<8>(0)));
  }
  verdict.require((Bytes(state.records) << 6) <= regions.statistics, kErrorStatistics);
  return verdict.code;
}

}  // namespace edgemoe
