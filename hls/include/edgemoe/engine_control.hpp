// SPDX-License-Identifier: Apache-2.0
// What the engine does in each iteration: the next-state function of its one flattened loop.
//
// The loop walks over *blocks*. A block of a linear layer is one weight tile (n-tile outer, k-tile inner):
// every token passes by it once. A block of attention is one group of p queries (head outer, first query
// inner): score sweep, a gap until the last score is in memory (the group before drains meanwhile), context
// sweep. While a block is computed, the stationary operand of the next one is loaded, so the two kinds share
// everything but the phases.
#pragma once

#include "edgemoe/command.hpp"
#include "edgemoe/packing.hpp"

namespace edgemoe {

using Count = ap_uint<16>;
using Address = ap_uint<16>;

/// Phases of a block. kFill loads the first block's operand and computes nothing. In kGap, while the last
/// scores reach their memory, the results of the group before leave; those of the last group leave in kDrain.
enum Phase : unsigned char { kFill, kTile, kScores, kGap, kContext, kDrain };

/// Steps between the score sweep and the context sweep. A score is written this many iterations (at least)
/// before it is read, which must cover the pipeline from the array through the requantiser to the score
/// memory.
constexpr int kScoreGap = 32;
/// Queries of a group, and the sub-words that a group drains.
using GroupSize = ap_uint<kColBits + 1>;
using DrainSteps = ap_uint<kColBits + kBankBits + 1>;
/// Steps that a partial sum rests between its write and its next read: no tile is shorter.
constexpr int kMinimumSteps = kTileFeeds8;

/// What stays the same during a command.
struct Shape {
  bool attention;
  bool wide;           // 16-bit weights
  Count tokens;        // steps with work in a sweep
  Count inner_step;    // 1 k-tile, or p queries
  Count inner_count;   // k-tiles, or queries
  Count outer_count;   // n-tiles, or heads
  Count tile_last;     // last step of a tile beside which a k-tile is loaded
  Count column_last;   // the same, beside which a new column group comes with its records
  LoadStep load_last;  // last feed of a tile
};

/// Coordinates of a block.
struct Block {
  bool valid;
  bool first_inner;  // k == 0: starts from the bias; first group of a head
  bool last_inner;   // last k-tile: results leave
  Count inner;
  Count outer;
  GroupSize size;  // queries in the group, 1 .. kCols
};

/// Loop-carried state, settled in the first cycle of each iteration.
struct Control {
  bool running;
  Phase phase;
  Count step;
  Count last;    // last step of the phase
  bool swap;     // first step of a block: the loaded operand becomes the active one
  bool loading;  // this iteration loads feed (or query) `load`
  LoadStep load;
  Block active;
  Block next;
  DrainSteps drain_steps;  // kBanks for each query of the group that drains next
};

inline GroupSize group_size(const Shape& shape, Count inner) {
  const Count left = Count(shape.inner_count - inner);
  return left < shape.inner_step ? GroupSize(left) : GroupSize(shape.inner_step);
}

/// Last step of a gap: scores reach their memory, and the group before drains.
inline Count gap_end(DrainSteps drain_steps) {
  return Count((drain_steps > kScoreGap ? Count(drain_steps) : Count(kScoreGap)) - 1);
}

/// Last step of a tile: every token passes, and so many feeds of the next operand come.
inline Count tile_end(Count tokens, Count feeds) {
  return Count((tokens > feeds ? tokens : feeds) - 1);
}

inline Shape shape_of(const Command& command) {
  Shape shape;
  shape.attention = command.opcode == kOpcodeAttention;
  shape.wide = command.weight_bits == 16;
  shape.tokens = command.tokens;
  shape.inner_step = shape.attention ? Count(command.group) : Count(1);
  shape.inner_count = shape.attention ? Count(command.tokens) : Count(command.k_tiles);
  shape.outer_count = shape.attention ? Count(command.heads) : Count(command.n_tiles);
  const LoadStep feeds = kRecordFeeds + (shape.wide ? kTileFeeds16 : kTileFeeds8);
  shape.tile_last = tile_end(command.tokens, Count(feeds - kRecordFeeds));
  shape.column_last = tile_end(command.tokens, Count(feeds));
  shape.load_last = LoadStep(feeds - 1);
  return shape;
}

inline Block first_block(const Shape& shape) {
  Block block;
  block.valid = true;
  block.first_inner = true;
  block.last_inner = shape.inner_count <= shape.inner_step;
  block.inner = 0;
  block.outer = 0;
  block.size = group_size(shape, 0);
  return block;
}

inline Block successor(const Shape& shape, const Block& block) {
  Block next;
  next.first_inner = block.last_inner;
  next.inner = block.last_inner ? Count(0) : Count(block.inner + shape.inner_step);
  next.outer = block.last_inner ? Count(block.outer + 1) : block.outer;
  next.last_inner = Count(shape.inner_count - next.inner) <= shape.inner_step;
  next.size = group_size(shape, next.inner);
  next.valid = block.valid && next.outer != shape.outer_count;
  return next;
}

/// First feed of a block's operand: only the first k-tile of a column group brings channel records.
inline LoadStep first_load(const Shape& shape, const Block& block) {
  return shape.attention || block.first_inner ? LoadStep(0) : LoadStep(kRecordFeeds);
}

inline Control first_control(const Shape& shape) {
  Control control;
  control.running = true;
  control.phase = kFill;
  control.step = 0;
  control.swap = false;
  control.loading = true;
  control.load = 0;
  control.next = first_block(shape);
  control.active = control.next;
  control.drain_steps = 0;
  control.last = shape.attention ? Count(kCols - 1) : Count(shape.load_last);
  return control;
}

/// What an iteration does.
struct Activity {
  bool tile;     // a token passes the weight tile
  bool scores;   // a key passes the queries
  bool context;  // a value meets the exponentials
  bool drain;    // a sub-word of a finished row leaves
  bool array;    // the multipliers work: one of the first three
};

inline Activity activity_of(const Control& control, const Shape& shape) {
  Activity activity;
  activity.tile = control.phase == kTile && control.step < shape.tokens;
  activity.scores = control.phase == kScores;
  activity.context = control.phase == kContext;
  activity.drain = (control.phase == kGap || control.phase == kDrain) && control.step < control.drain_steps;
  activity.array = activity.tile || activity.scores || activity.context;
  return activity;
}

/// The phase after `control.phase` and its last step: known before it is known whether the phase ends now,
/// which keeps the loop-carried path short.
struct NextPhase {
  Phase phase;
  Count last;
};

inline NextPhase next_phase(const Control& control, const Shape& shape) {
  NextPhase next;
  next.phase = kScores;
  next.last = Count(shape.tokens - 1);
  if (control.phase == kScores) {
    next.phase = kGap;
    next.last = gap_end(control.drain_steps);
  }
  if (control.phase == kGap) next.phase = kContext;
  if (control.phase == kContext && !control.next.valid) {
    next.phase = kDrain;
    next.last = Count((Count(control.active.size) << kBankBits) - 1);
  }
  if (!shape.attention) {
    next.phase = kTile;
    // Beside the block that begins then, its successor is loaded.
    next.last = control.next.last_inner ? shape.column_last : shape.tile_last;
  }
  return next;
}

inline Control advance(const Control& control, const Shape& shape) {
  const bool phase_end = control.step == control.last;
  const bool block_end = phase_end && control.phase != kScores && control.phase != kGap;
  const NextPhase following_phase = next_phase(control, shape);
  const Block following = successor(shape, control.next);
  const LoadStep load_last = shape.attention ? LoadStep(control.next.size - 1) : shape.load_last;
  Control next = control;
  next.step = Count(control.step + 1);
  next.swap = block_end;
  next.loading = control.loading && control.load != load_last;
  next.load = LoadStep(control.load + 1);
  if (phase_end) {
    next.step = 0;
    next.phase = following_phase.phase;
    next.last = following_phase.last;
  }
  if (block_end) {
    next.running = control.next.valid || control.phase == kContext;
    next.active = control.next;
    next.drain_steps = DrainSteps(DrainSteps(control.active.size) << kBankBits);
    if (control.phase == kFill) next.drain_steps = 0;
    next.next = following;
    next.loading = following.valid;
    next.load = first_load(shape, following);
  }
  return next;
}

}  // namespace edgemoe
