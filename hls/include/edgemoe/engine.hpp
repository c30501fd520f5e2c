// SPDX-License-Identifier: Apache-2.0
// The engine: one pipelined loop (II=1) around the one MAC array. Every linear layer, expert and attention
// product runs in it; a command selects its blocks and the epilogue of its results.
//
// Stages of an iteration, in pipeline order: settle control and take a feed (cycle 0) -> queue and on-chip
// reads -> stationary and moving operand -> sums of columns -> requantising lanes -> epilogue and writes.
// What a later block takes of an earlier one (partial sums, scores, their maxima, totals) goes through
// memories.
#pragma once

#include <hls_stream.h>

#include "edgemoe/engine_control.hpp"
#include "edgemoe/epilogue.hpp"
#include "edgemoe/linear.hpp"
#include "edgemoe/on_chip.hpp"
#include "edgemoe/stationary.hpp"
#include "edgemoe/statistics.hpp"

namespace edgemoe {

/// Row addresses of the blocks' tensors; they move when a block begins.
struct Rows {
  Address x;            // LINEAR: plane of the k-tile; SCORES: queries of the head
  Address destination;  // plane of the n-tile, or of the head
  Address scores;       // of the tile of keys
  Address keys;         // keys of the head whose operand is loaded
  Address values;       // values of that head
};

inline Rows first_rows(const Command& command) {
  Rows rows;
  rows.x = command.src_base;
  rows.destination = command.dst_base;
  rows.scores = 0;
  rows.keys = command.key_base;
  rows.values = command.aux_base;
  return rows;
}

/// Rows of the iteration after `control`.
inline Rows advance_rows(const Rows& rows, const Control& control, const Control& next,
                         const Command& command, const Shape& shape) {
  Rows moved = rows;
  if (!next.swap) return moved;
  const Block& active = next.active;
  const bool next_head = shape.attention && active.first_inner && !active.context;
  const bool next_column = !shape.attention && active.first_inner;
  if (!control.filling) {
    if (next_head || (next_column && (active.outer & (kBanks - 1)) == 0)) {
      moved.destination = Address(rows.destination + command.dst_stride);
    }
    if (next_head || (!shape.attention && !active.first_inner)) {
      moved.x = Address(rows.x + command.src_stride);  // next head, or next k-tile
    }
    if (next_column) moved.x = command.src_base;
    if ((active.inner & (kRows - 1)) == 0) moved.scores = Address(rows.scores + shape.tokens);
    if (active.first_inner) moved.scores = 0;
  }
  if (next.next.first_inner && !next.next.context) {  // a new head is loaded
    moved.keys = Address(rows.keys + command.key_stride);
    moved.values = Address(rows.values + command.aux_stride);
  }
  return moved;
}

/// Tokens that are not in a head's queue have 0 of it in their context: one row a step.
inline void clear_context(const Command& command, TensorMemory<kActDepth>& act) {
CLEAR_CONTEXT:
  for (ap_uint<16> token = 0; token != command.k_tiles; ++token) {
#pragma HLS PIPELINE II = 1
  CLEAR_CONTEXT_BANK:
    for (int bank = 0; bank < kBanks; ++bank) {
#pragma HLS UNROLL
      act[bank][ap_uint<16>(command.dst_base + token)] = 0;
    }
  }
}

inline void engine(const Command& command, hls::stream<Feed>& feeds, hls::stream<Beat>& results,
                   Memories& memory, Statistics& statistics) {
  const Shape shape = shape_of(command);
  const EpilogueFlags epilogue = epilogue_of(command, shape.attention);
  const Address queue = queue_row(command.expert);
  Control control = first_control(shape);
  Rows rows = first_rows(command);
  Stationary tile = empty_stationary();

ENGINE:
  while (control.running) {
#pragma HLS PIPELINE II = 1
#pragma HLS DEPENDENCE variable = memory.psum inter distance = kMinimumSteps
#pragma HLS DEPENDENCE variable = memory.scores inter distance = kAttentionSteps
#pragma HLS DEPENDENCE variable = memory.maxima inter distance = kAttentionSteps
#pragma HLS DEPENDENCE variable = memory.totals inter distance = kAttentionSteps
#pragma HLS DEPENDENCE variable = memory.act inter false
#pragma HLS DEPENDENCE variable = memory.keys inter false
#pragma HLS DEPENDENCE variable = memory.residual inter false
#pragma HLS DEPENDENCE variable = memory.accum inter false
    const Activity activity = activity_of(control, shape);
    const Address step = activity.array ? control.step : Address(0);

    // Stationary operand: a feed of weights, a key or a value.
    Feed feed = 0;
    if (control.loading && !shape.attention) feed = feeds.read();
    const Block& loaded = control.next;
    const Address first_key = Address((loaded.context ? rows.values : rows.keys) + loaded.inner);
    const Address key_row = loaded.context ? first_key : Address(first_key + control.load);
    const Turn channel = Turn((Turn(loaded.column) << kColBits) + control.load);
    const bool load_key = control.loading && shape.attention;
    const Word key_word = read_keys(memory.keys, load_key ? key_row : Address(0), loaded.context, channel);
    swap_in(tile, control.swap, control.active.first_inner && !shape.attention);
    load_operand(tile, load_of(control, shape), shape, feed, key_word);

    // Moving operand: a token, a query (both gathered where a queue has them) or its exponentials.
    const QueueEntry entry = memory.queue[Address(queue + step)];
    const Address token = command.gather ? queue_token(entry) : step;
    const Word word = read_word(memory.act, activity.array ? Address(rows.x + token) : Address(0));
    const Address score_row = Address(rows.scores + step);
    const IntegerMaximum maximum = memory.maxima[step];
    const Word e = exponentials(
        read_lanes<kScoreBits, kScoreDepth>(memory.scores, activity.context ? score_row : Address(0)),
        maximum, control.active.size);
    const Word x = activity.context ? e : word;

    // The array.
    const bool on = !control.active.first_inner && !activity.scores;
    const Lanes<kCols, kAccBits> sums = column_sums(x, tile, memory.psum[step], on, shape.attention);
    const ExponentialSum before = control.active.first_inner ? ExponentialSum(0) : memory.totals[step];
    const ExponentialSum total = ExponentialSum(before + sum_of(e));
    const ap_uint<16> multiplier =
        command.gather ? weighted(command.mult1, queue_score(entry)) : command.mult1;
    Clipped clipped;
    const Lanes<kCols, kLaneBits> lane = requantise_lanes(sums, row_scale(total, multiplier, command.shift1),
                                                          tile, activity, command, epilogue.limit, clipped);

    // Where the results go.
    const bool result_ready = (activity.tile || activity.context) && control.active.last_inner;
    if ((activity.tile || activity.context) && !control.active.last_inner) {
      memory.psum[step] = pack<kCols, kAccBits>(sums);
    }
    if (activity.context) memory.totals[step] = total;
    ColumnCount saturated = 0;
    if (activity.scores) {
      saturated = count_clipped(clipped, ColumnCount(control.active.size));
      const Lanes<kCols, kScoreBits> t = score_lanes(lane);
      memory.scores[Bank(control.active.inner >> kColBits)][score_row] = pack<kCols, kScoreBits>(t);
      memory.maxima[step] = running_maximum(t, control.active.size, control.active.first_inner, maximum);
    }
    if (result_ready) {
      Result result;
      result.lane = lane;
      result.clipped = clipped;
      result.sum = sums;
      result.tile = ap_uint<8>(control.active.outer);
      result.bank = activity.context ? control.active.column : Bank(control.active.outer);
      result.step = step;
      result.row = Address(rows.destination + (epilogue.by_queue ? queue_token(entry) : step));
      result.score = queue_score(entry);
      saturated = write_result(result, epilogue, command, results, memory);
    }

    count_step(statistics, control, shape, activity, epilogue.to_dram && result_ready, saturated);
    const Control next = advance(control, shape);
    rows = advance_rows(rows, control, next, command, shape);
    control = next;
  }
}

}  // namespace edgemoe
