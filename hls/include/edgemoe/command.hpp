// SPDX-License-Identifier: Apache-2.0
// Commands between the processes. A compute command is a descriptor of the layer program plus what the walker
// knows: it travels packed in the descriptor's own 512 bits. Field positions come from the generated header.
#pragma once

#include <ap_int.h>

#include "edgemoe/fixed.hpp"
#include "edgemoe/packing.hpp"
#include "edgemoe_config.hpp"
#include "edgemoe_registers.hpp"

namespace edgemoe {

using CommandWord = ap_uint<32 * kDescriptorWords>;

/// Bits that the layer program leaves free carry what the walker adds.
constexpr Field kFieldGather{0, 28, 1};
constexpr Field kFieldRecord{0, 29, 1};
constexpr Field kFieldExpert{10, 24, 8};

struct Command {
  ap_uint<8> opcode;
  ap_uint<8> weight_bits;
  ap_uint<4> epilogue;
  ap_uint<4> space;
  ap_uint<2> format;
  ap_uint<2> region;
  ap_uint<16> tokens;
  ap_uint<16> k_tiles;
  ap_uint<16> n_tiles;
  ap_uint<8> heads;
  ap_uint<8> group;
  ap_uint<16> src_base;
  ap_uint<16> src_stride;
  ap_uint<16> dst_base;
  ap_uint<16> dst_stride;
  ap_uint<16> aux_base;
  ap_uint<16> aux_stride;
  ap_uint<32> offset;
  ap_uint<32> size;
  ap_uint<16> mult0;
  ap_uint<16> mult1;
  ap_uint<16> key_base;
  ap_uint<16> key_stride;
  ap_uint<8> shift0;
  ap_uint<8> shift1;
  ap_uint<8> rule;
  ap_uint<17> threshold;
  ap_uint<64> eps;
  ap_uint<32> dim;
  ap_uint<32> stage;
  bool gather;  // source rows by the expert's or head's queue; of ATTENTION also the destination's
  bool record;  // a statistics record follows
  ap_uint<8> expert;
};

template <int W>
ap_uint<W> get(const CommandWord& word, const Field& field) {
  return ap_uint<W>(word >> (32 * field.word + field.lsb));
}

template <int W>
void put(CommandWord& word, const Field& field, ap_uint<W> value) {
  word = word | (CommandWord(value) << (32 * field.word + field.lsb));
}

/// Takes a descriptor apart; bits outside all fields are ignored.
inline Command unpack_descriptor(const CommandWord& word) {
  Command c;
  c.opcode = get<kFieldOpcode.width>(word, kFieldOpcode);
  c.weight_bits = get<kFieldWeightBits.width>(word, kFieldWeightBits);
  c.epilogue = get<kFieldEpilogue.width>(word, kFieldEpilogue);
  c.space = get<kFieldSpace.width>(word, kFieldSpace);
  c.format = get<kFieldFormat.width>(word, kFieldFormat);
  c.region = get<kFieldRegion.width>(word, kFieldRegion);
  c.tokens = get<kFieldTokens.width>(word, kFieldTokens);
  c.k_tiles = get<kFieldKTiles.width>(word, kFieldKTiles);
  c.n_tiles = get<kFieldNTiles.width>(word, kFieldNTiles);
  c.heads = get<kFieldHeads.width>(word, kFieldHeads);
  c.group = get<kFieldGroup.width>(word, kFieldGroup);
  c.src_base = get<kFieldSrcBase.width>(word, kFieldSrcBase);
  c.src_stride = get<kFieldSrcStride.width>(word, kFieldSrcStride);
  c.dst_base = get<kFieldDstBase.width>(word, kFieldDstBase);
  c.dst_stride = get<kFieldDstStride.width>(word, kFieldDstStride);
  c.aux_base = get<kFieldAuxBase.width>(word, kFieldAuxBase);
  c.aux_stride = get<kFieldAuxStride.width>(word, kFieldAuxStride);
  c.offset = get<kFieldOffset.width>(word, kFieldOffset);
  c.size = get<kFieldSize.width>(word, kFieldSize);
  c.mult0 = get<kFieldMult0.width>(word, kFieldMult0);
  c.mult1 = get<kFieldMult1.width>(word, kFieldMult1);
  c.key_base = get<kFieldKeyBase.width>(word, kFieldKeyBase);
  c.key_stride = get<kFieldKeyStride.width>(word, kFieldKeyStride);
  c.shift0 = get<kFieldShift0.width>(word, kFieldShift0);
  c.shift1 = get<kFieldShift1.width>(word, kFieldShift1);
  c.rule = get<kFieldRule.width>(word, kFieldRule);
  c.threshold = get<kFieldThreshold.width>(word, kFieldThreshold);
  c.eps = get<kFieldEps.width>(word, kFieldEps);
  c.dim = get<kFieldDim.width>(word, kFieldDim);
  c.stage = get<kFieldStage.width>(word, kFieldStage);
  c.gather = false;
  c.record = true;
  c.expert = 0;
  return c;
}

/// Whether a descriptor is an ATTENTION of which each head takes the queries in its queue.
inline bool takes_heads(const Command& c) {
  return c.opcode == kOpcodeAttention && c.group != 0;
}

/// Takes a command apart: a descriptor and the walker's own fields.
inline Command unpack_command(const CommandWord& word) {
  Command c = unpack_descriptor(word);
  c.gather = get<kFieldGather.width>(word, kFieldGather) != 0;
  c.record = get<kFieldRecord.width>(word, kFieldRecord) != 0;
  c.expert = get<kFieldExpert.width>(word, kFieldExpert);
  return c;
}

inline CommandWord pack_command(const Command& c) {
  CommandWord word = 0;
  put(word, kFieldOpcode, c.opcode);
  put(word, kFieldWeightBits, c.weight_bits);
  put(word, kFieldEpilogue, c.epilogue);
  put(word, kFieldSpace, c.space);
  put(word, kFieldFormat, c.format);
  put(word, kFieldRegion, c.region);
  put(word, kFieldTokens, c.tokens);
  put(word, kFieldKTiles, c.k_tiles);
  put(word, kFieldNTiles, c.n_tiles);
  put(word, kFieldHeads, c.heads);
  put(word, kFieldGroup, c.group);
  put(word, kFieldSrcBase, c.src_base);
  put(word, kFieldSrcStride, c.src_stride);
  put(word, kFieldDstBase, c.dst_base);
  put(word, kFieldDstStride, c.dst_stride);
  put(word, kFieldAuxBase, c.aux_base);
  put(word, kFieldAuxStride, c.aux_stride);
  put(word, kFieldOffset, c.offset);
  put(word, kFieldSize, c.size);
  put(word, kFieldMult0, c.mult0);
  put(word, kFieldMult1, c.mult1);
  put(word, kFieldKeyBase, c.key_base);
  put(word, kFieldKeyStride, c.key_stride);
  put(word, kFieldShift0, c.shift0);
  put(word, kFieldShift1, c.shift1);
  put(word, kFieldRule, c.rule);
  put(word, kFieldThreshold, c.threshold);
  put(word, kFieldEps, c.eps);
  put(word, kFieldDim, c.dim);
  put(word, kFieldStage, c.stage);
  put(word, kFieldGather, ap_uint<1>(c.gather));
  put(word, kFieldRecord, ap_uint<1>(c.record));
  put(word, kFieldExpert, c.expert);
  return word;
}

/// Beats of a word of values of that format, as a power of 2: each value is twice as wide as the format
/// before.
inline ap_uint<3> format_shift(ap_uint<2> format) {
  return ap_uint<3>(format + (kBankBits - 1));
}
static_assert(kFormatU8 == 0 && kFormatI16 == 1 && kFormatI32 == 2, "the order of widths");

/// Memories whose values are int32 in DRAM.
inline bool wide_space(ap_uint<4> space) {
  return space == kSpaceResidual || space == kSpaceAccum;
}

/// The same of a word that STORE writes.
inline ap_uint<3> space_shift(ap_uint<4> space) {
  if (space == kSpaceChoice) return kChoiceShift;
  return format_shift(wide_space(space) ? int(kFormatI32) : int(kFormatI16));
}

/// Beats that a LOAD reads or a STORE writes.
inline ap_uint<32> load_beats(const Command& c) {
  return ap_uint<32>(c.size << format_shift(c.format));
}
inline ap_uint<32> store_beats(const Command& c) {
  return ap_uint<32>(c.size << space_shift(c.space));
}

/// Beats of a tile of weights, and a beat of a tile with its channel records.
constexpr int kTileBeats8 = kRows * kCols * 8 / kBusBits;
constexpr int kTileBeats16 = kRows * kCols * 16 / kBusBits;
/// The same in feeds, which is how the array takes them.
constexpr int kRecordFeeds = kRecordBeats / kFeedBeats;
constexpr int kTileFeeds8 = kTileBeats8 / kFeedBeats;
constexpr int kTileFeeds16 = kTileBeats16 / kFeedBeats;
/// A count of beats of a tile, and a step of its loading.
using TileBeats = ap_uint<log2_floor(kRecordBeats + kTileBeats16) + 1>;
using LoadStep = ap_uint<log2_floor(kRecordFeeds + kTileFeeds16) + 1>;

/// Counts of a command, no wider than a good command needs. What is counted beyond that has an error code of
/// its own, which is lower than those of the sizes that are computed with them.
using TileCount = ap_uint<log2_floor(kMaxKTiles) + 1>;
using ColumnTileCount = ap_uint<log2_floor(kMaxNTiles + kMaxExperts / kCols) + 1>;
using PlaneCount = ap_uint<log2_floor(kMaxKTiles + kMaxNTiles / kBanks) + 1>;
using ExpertCount = ap_uint<log2_floor(kMaxExperts) + 1>;
using TokenCount = ap_uint<log2_floor(kMaxTokens) + 1>;

/// Beats of weights. A linear layer has channel records of each column tile and the weights of each tile; an
/// expert has two: fc1 (k_tiles x n_tiles), then fc2 (n_tiles / kBanks x kBanks k_tiles), with as many
/// weights.
inline ap_uint<32> weight_beats(const Command& c) {
  static_assert(kTileBeats16 == 2 * kTileBeats8, "a shift tells tiles of 16 bits from tiles of 8");
  const bool experts = c.opcode == kOpcodeExperts;
  const ColumnTileCount columns = ColumnTileCount(c.n_tiles);
  // The walker computes it, which is never in a hurry: no DSP slices.
  const ap_uint<32> tiles = columns * TileCount(c.k_tiles);
#pragma HLS BIND_OP variable = tiles op = mul impl = fabric
  const ap_uint<2> doublings = ap_uint<2>(ap_uint<2>(c.weight_bits == 16) + ap_uint<2>(experts));
  const ap_uint<32> values = ap_uint<32>(tiles * kTileBeats8) << doublings;
  const ap_uint<16> second = experts ? ap_uint<16>(c.k_tiles << kBankBits) : ap_uint<16>(0);
  return ap_uint<32>(values + (columns + second) * kRecordBeats);
}

/// Beats of a linear layer's results, where they go to DRAM.
inline ap_uint<32> output_beats(const Command& c) {
  const ap_uint<32> beats = ColumnTileCount(c.n_tiles) * TokenCount(c.tokens);
#pragma HLS BIND_OP variable = beats op = mul impl = fabric
  return beats;
}

/// Beats of a LayerNorm's channel records.
inline ap_uint<32> norm_beats(const Command& c) {
  return ap_uint<32>(c.k_tiles * (kRecordBeats * kBanks));
}

/// A transfer between DRAM and a beat stream: byte address inside the region, beats, and which region.
struct Transfer {
  ap_uint<32> offset;
  ap_uint<32> beats;
  ap_uint<2> region;
  bool end;  // no transfer: the run is over
};
using TransferWord = ap_uint<72>;

inline TransferWord pack_transfer(const Transfer& t) {
  return TransferWord(t.offset) | (TransferWord(t.beats) << 32) | (TransferWord(t.region) << 64) |
         (TransferWord(ap_uint<1>(t.end)) << 66);
}

inline Transfer unpack_transfer(const TransferWord& word) {
  Transfer t;
  t.offset = ap_uint<32>(word);
  t.beats = ap_uint<32>(word >> 32);
  t.region = ap_uint<2>(word >> 64);
  t.end = ap_uint<1>(word >> 66) != 0;
  return t;
}

}  // namespace edgemoe
