// SPDX-License-Identifier: Apache-2.0
// What the engine does in each iteration: the next-state function of its one flattened loop.
//
// The loop walks over *blocks*. In each, a stationary tile of kRows x kCols operands meets one moving word a
// step:
//   LINEAR   a tile of weights (n-tile outer, k-tile inner); every token passes it;
//   SCORES   up to kCols keys of a head, one a column; the queries pass them;
//   CONTEXT  up to kRows values of a head, kCols of their channels; every query's exponentials pass them.
// ATTENTION does, head by head, all tiles of SCORES, then for each group of channels all tiles of CONTEXT.
// While a block is computed, the operand of the next one is loaded. No block is shorter than the way of a
// result back to where a later block reads it, so blocks follow each other without a gap.
#pragma once

#include "edgemoe/command.hpp"
#include "edgemoe/packing.hpp"

namespace edgemoe {

using Count = ap_uint<16>;
using Address = ap_uint<16>;
/// Keys, values or queries of a tile.
using TileSize = ap_uint<log2_floor(kRows) + 1>;

/// Steps that a score, a maximum and a total of attention rest between their write and their next read: no
/// block of attention is shorter. It covers the pipeline from the array through the requantiser to the memory
/// of scores.
constexpr int kAttentionSteps = 48;
/// Steps that a partial sum rests between its write and its next read: no block is shorter.
constexpr int kMinimumSteps = kTileFeeds8;
static_assert(kMinimumSteps > 2, "a block is longer than its successor takes to be settled");
static_assert(kCols <= kAttentionSteps, "a block of attention loads all columns of the next one");
static_assert(kMinimumSteps <= kAttentionSteps, "attention keeps partial sums, too");

/// What stays the same during a command.
struct Shape {
  bool attention;
  bool wide;          // 16-bit weights
  Count tokens;       // steps with work in a block: tokens, queries
  Count inner_count;  // k-tiles, or keys
  Count outer_count;  // n-tiles, or heads
  Count tile_last;    // last step of a block beside which a k-tile (or attention's operand) is loaded
  Count column_last;  // the same, beside which a new column group comes with its records
  LoadStep load_end;  // feeds of a tile, with its records; attention's columns
};

/// Coordinates of a block.
struct Block {
  bool valid;
  bool context;         // of ATTENTION: values, not keys
  bool first_inner;     // first k-tile, or tile of keys
  bool last_inner;      // last k-tile, or tile of keys: results leave
  Count inner;          // k-tile, or first key
  Count left;           // k-tiles or keys from `inner` on
  Count outer;          // n-tile, or head
  Bank column;          // of CONTEXT: group of channels
  TileSize size;        // keys in the tile
  LoadStep load_first;  // step that its loading begins with: only a column's first k-tile brings records
};

/// Loop-carried state, settled in the first cycle of each iteration.
struct Control {
  bool running;
  bool filling;  // loads the first block's operand and computes nothing
  Count step;
  Count last;    // last step of the block
  bool swap;     // first step of a block: the loaded operand becomes the active one
  bool loading;  // this iteration loads step `load` of the next operand
  LoadStep load;
  Block active;
  Block next;       // its operand is loaded
  Block following;  // settled an iteration after `next`, which keeps the loop-carried path short
};

/// k-tiles or keys that a block takes.
inline TileSize inner_step(const Shape& shape, bool context) {
  if (!shape.attention) return TileSize(1);
  return context ? TileSize(kRows) : TileSize(kCols);
}

/// Last step of a block: every token passes, and so many feeds of the next operand come.
inline Count tile_end(Count tokens, Count feeds) {
  return Count((tokens > feeds ? tokens : feeds) - 1);
}

inline Shape shape_of(const Command& command) {
  Shape shape;
  shape.attention = command.opcode == kOpcodeAttention;
  shape.wide = command.weight_bits == 16;
  shape.tokens = command.tokens;
  shape.inner_count = Count(command.k_tiles);
  shape.outer_count = shape.attention ? Count(command.heads) : Count(command.n_tiles);
  const LoadStep feeds = kRecordFeeds + (shape.wide ? kTileFeeds16 : kTileFeeds8);
  // Attention loads at most kCols columns.
  shape.tile_last =
      tile_end(command.tokens, shape.attention ? Count(kAttentionSteps) : Count(feeds - kRecordFeeds));
  shape.column_last = tile_end(command.tokens, shape.attention ? Count(kAttentionSteps) : Count(feeds));
  shape.load_end = shape.attention ? LoadStep(kCols) : feeds;
  return shape;
}

/// `block` with what follows from its coordinates.
inline Block sized(const Shape& shape, const Block& block) {
  const TileSize step = inner_step(shape, block.context);
  Block whole = block;
  whole.last_inner = block.left <= step;
  whole.size = block.left < step ? TileSize(block.left) : step;
  whole.load_first = shape.attention || block.first_inner ? LoadStep(0) : LoadStep(kRecordFeeds);
  return whole;
}

inline Block first_block(const Shape& shape) {
  Block block;
  block.valid = true;
  block.context = false;
  block.first_inner = true;
  block.last_inner = false;
  block.inner = 0;
  block.left = shape.inner_count;
  block.outer = 0;
  block.column = 0;
  block.size = 0;
  block.load_first = 0;
  return sized(shape, block);
}

inline Block successor(const Shape& shape, const Block& block) {
  const bool last_column = block.column == kBanks - 1;
  const bool outer_ends = block.last_inner && (!shape.attention || (block.context && last_column));
  Block next = block;
  next.first_inner = block.last_inner;
  const Count step = Count(inner_step(shape, block.context));
  next.inner = block.last_inner ? Count(0) : Count(block.inner + step);
  next.left = block.last_inner ? shape.inner_count : Count(block.left - step);
  if (block.last_inner) {
    next.context = shape.attention && !outer_ends;
    next.column = block.context ? Bank(block.column + 1) : Bank(0);
  }
  if (outer_ends) next.outer = Count(block.outer + 1);
  next.valid = block.valid && next.outer != shape.outer_count;
  return sized(shape, next);
}

inline Control first_control(const Shape& shape) {
  Control control;
  control.running = true;
  control.filling = true;
  control.step = 0;
  control.last = Count(shape.load_end - 1);
  control.swap = false;
  control.loading = true;
  control.load = 0;
  control.next = first_block(shape);
  control.active = control.next;
  control.following = successor(shape, control.next);
  return control;
}

/// What the array does in an iteration: one of the three, or nothing.
struct Activity {
  bool tile;     // a token passes weights
  bool scores;   // a query passes keys
  bool context;  // a query's exponentials pass values
  bool array;    // one of them
};

inline Activity activity_of(const Control& control, const Shape& shape) {
  Activity activity;
  activity.array = !control.filling && control.step < shape.tokens;
  activity.tile = activity.array && !shape.attention;
  activity.scores = activity.array && shape.attention && !control.active.context;
  activity.context = activity.array && control.active.context;
  return activity;
}

inline Control advance(const Control& control, const Shape& shape) {
  const bool block_end = control.step == control.last;
  const LoadStep load = LoadStep(control.load + 1);
  Control next = control;
  next.step = Count(control.step + 1);
  next.swap = block_end;
  next.loading = control.loading && load != shape.load_end;
  next.load = load;
  next.following = successor(shape, control.next);
  if (block_end) {
    next.step = 0;
    // Beside the block that begins then, its successor is loaded.
    next.last = control.next.last_inner ? shape.column_last : shape.tile_last;
    next.running = control.next.valid;
    next.filling = false;
    next.active = control.next;
    next.next = control.following;
    next.loading = control.following.valid;
    next.load = control.following.load_first;
  }
  return next;
}

}  // namespace edgemoe
