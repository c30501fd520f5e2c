// SPDX-License-Identifier: Apache-2.0
// The engine: one pipelined loop (II=1) around the one MAC array. Every linear layer, expert and attention
// product runs in it; a command selects the phases of its blocks and the epilogue of its results.
//
// Stages of an iteration, in pipeline order: settle control and take a feed (cycle 0) -> queue and on-chip
// reads -> stationary operand -> products -> sums of columns -> requantising lanes -> epilogue and
// writes. The only path that runs backwards is attention's (scores and their maximum to the exponentials): it
// goes through two memories, kScoreGap iterations apart.
#pragma once

#include <hls_stream.h>

#include "edgemoe/attention.hpp"
#include "edgemoe/engine_control.hpp"
#include "edgemoe/epilogue.hpp"
#include "edgemoe/memories.hpp"
#include "edgemoe/stationary.hpp"
#include "edgemoe/statistics.hpp"

namespace edgemoe {

using Product = ap_int<32>;

/// Products of one step: value[k][n] = x[k] * operand[k][n].
struct Products {
  Product value[kRows][kCols];
};

/// The operand is the stationary tile, or the exponentials (the same for all rows of a column).
inline Products multiply(const Word& x, const Stationary& tile, bool context, const Exponential (&e)[kCols]) {
  Products products;
ARRAY_COLUMN:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
  ARRAY_ROW:
    for (int k = 0; k < kRows; ++k) {
#pragma HLS UNROLL
      const Operand operand = context ? Operand(e[n]) : tile.active[k][n];
      products.value[k][n] = Product(x[k] * operand);
    }
  }
  return products;
}

/// start + the sum of column n, as a balanced tree.
inline Accumulator column_sum(const Products& products, int n, Accumulator start) {
  Accumulator sum[kRows];
LEAVES:
  for (int k = 0; k < kRows; ++k) {
#pragma HLS UNROLL
    sum[k] = products.value[k][n];
  }
TREE:
  for (int width = kRows / 2; width > 0; width /= 2) {
#pragma HLS UNROLL
  TREE_LEVEL:
    for (int k = 0; k < width; ++k) {
#pragma HLS UNROLL
      sum[k] = Accumulator(sum[2 * k] + sum[2 * k + 1]);
    }
  }
  return Accumulator(sum[0] + start);
}

/// Sums of all columns, on top of the bias (first k-tile), of the partial sums (later ones) or of nothing
/// (scores).
inline Lanes<kCols, kAccBits> column_sums(const Products& products, const Stationary& tile,
                                          AccumulatorWord partial, bool first_inner, bool attention) {
  const Lanes<kCols, kAccBits> before = unpack<kCols, kAccBits>(partial);
  Lanes<kCols, kAccBits> sums;
COLUMN:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
    Accumulator start = before[n];
    if (first_inner) start = tile.active_channel[n].bias;
    if (attention) start = 0;
    sums[n] = column_sum(products, n, start);
  }
  return sums;
}

/// The requantisers, one a column: of a column's sum by its channel record, of a score by the command's
/// scale, or of the front sub-word of the context rows by its row's scale. `clipped`: which ends were met.
inline Lanes<kCols, kLaneBits> requantise_lanes(const Lanes<kCols, kAccBits>& sums,
                                                const ContextRows& context, const Stationary& tile,
                                                const Activity& activity, const Command& command,
                                                LaneValue limit, Clipped& clipped) {
  const RowScale scale = row_scale(context.total[0], command.mult1, command.shift1);
  Lanes<kCols, kLaneBits> lane;
LANE:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
    Accumulator value = sums[n];
    Multiplier multiplier = tile.active_channel[n].multiplier;
    Shift shift = tile.active_channel[n].shift;
    if (activity.scores) {
      multiplier = command.mult0;
      shift = command.shift0;
    }
    if (activity.drain) {
      value = context.sum[n];
      multiplier = scale.multiplier;
      shift = scale.shift;
    }
    const Saturated<kLaneBits> result =
        requantise(value, multiplier, shift, activity.scores ? largest(kScoreBits) : limit);
    lane[n] = result.value;
    clipped.lane[n] = result.clipped;
  }
  return lane;
}

/// Scores are lanes of 18 bits.
inline Lanes<kCols, kScoreBits> score_lanes(const Lanes<kCols, kLaneBits>& lane) {
  Lanes<kCols, kScoreBits> scores;
SCORE:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
    scores[n] = Score(lane[n]);
  }
  return scores;
}

/// Row addresses of the active block (planes of the tensors); they move when a block begins.
struct Rows {
  Address x;            // LINEAR: plane of the k-tile; ATTENTION: keys of the head
  Address values;       // V of the head
  Address destination;  // plane of the n-tile, or of the head
  Address query;        // queries of the head whose group is being loaded
  Address drain;        // results of the group that drains next
};

inline Rows first_rows(const Command& command) {
  Rows rows;
  rows.x = command.src_base;
  rows.values = command.aux_base;
  rows.destination = command.dst_base;
  rows.query = command.query_base;
  rows.drain = 0;
  return rows;
}

/// Rows of the iteration after `control`.
inline Rows advance_rows(const Rows& rows, const Control& control, const Control& next,
                         const Command& command, bool attention) {
  Rows moved = rows;
  const bool next_outer = next.active.first_inner;
  if (next.swap && control.phase != kFill) {
    moved.drain = Address(rows.destination + control.active.inner);
    if (next_outer && (attention || (next.active.outer & (kBanks - 1)) == 0)) {
      moved.destination = Address(rows.destination + command.dst_stride);
    }
    if (next_outer) moved.values = Address(rows.values + command.aux_stride);
    if (next_outer == attention) moved.x = Address(rows.x + command.src_stride);  // next k-tile, or next head
    if (next_outer && !attention) moved.x = command.src_base;
  }
  if (next.swap && next.next.first_inner) moved.query = Address(rows.query + command.query_stride);
  return moved;
}

inline void engine(const Command& command, hls::stream<Feed>& feeds, hls::stream<Beat>& results,
                   TensorMemory<kActDepth>& act, TensorMemory<kQueryDepth>& query, ResidualMemory& residual,
                   SumMemory& accum, AccumulatorWord (&psum)[kMaxTokens], ScoreWord (&scores)[kMaxTokens],
                   GateMemory& gate, const QueueEntry (&queue)[kQueueDepth], Statistics& statistics) {
  const Shape shape = shape_of(command);
  const EpilogueFlags epilogue = epilogue_of(command, shape.attention);
  const Address queue_row = Address(command.expert * kMaxTokens);
  MaximumWord maxima[2] = {0, 0};  // of the group being scored and of the one before
  Control control = first_control(shape);
  Rows rows = first_rows(command);
  Stationary tile = empty_stationary();
  ContextRows context = empty_context();
  IntegerMaximum maximum[kCols];
CLEAR_MAXIMUM:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
    maximum[n] = 0;
  }
  bool parity = false;

ENGINE:
  while (control.running) {
#pragma HLS PIPELINE II = 1
#pragma HLS DEPENDENCE variable = psum inter distance = kMinimumSteps
#pragma HLS DEPENDENCE variable = scores inter distance = kScoreGap
#pragma HLS DEPENDENCE variable = maxima inter distance = kScoreGap
#pragma HLS DEPENDENCE variable = act inter false
#pragma HLS DEPENDENCE variable = query inter false
#pragma HLS DEPENDENCE variable = residual inter false
#pragma HLS DEPENDENCE variable = accum inter false
    const Activity activity = activity_of(control, shape);
    const Address step = activity.array ? control.step : Address(0);

    // Stationary operand: a feed of weights, or a query.
    const bool load_feed = control.loading && !shape.attention;
    const bool load_word = control.loading && shape.attention;
    Feed feed = 0;
    if (load_feed) feed = feeds.read();
    const Address query_row = Address(rows.query + control.next.inner + control.load);
    const Word query_word = read_word(query, load_word ? query_row : Address(0));
    parity = control.swap ? !parity : parity;
    swap_in(tile, control.swap, control.active.first_inner && !shape.attention);
    load_weights(tile, load_feed, control.load, shape.wide, feed);
    load_query(tile, load_word, control.load, query_word);

    // Moving operand: a token (gathered for experts), a key or a value.
    const QueueEntry entry = queue[Address(queue_row + step)];
    const Address token = command.gather ? queue_token(entry) : step;
    const Address x_row = activity.context ? Address(rows.values + step) : Address(rows.x + token);
    const Word x = read_word(act, activity.array ? x_row : Address(0));

    // The array.
    Exponential e[kCols];
    exponentials(e, scores[step], maxima[parity], control.active.size);
    const Products products = multiply(x, tile, activity.context, e);
    const Lanes<kCols, kAccBits> sums =
        column_sums(products, tile, psum[step], control.active.first_inner, shape.attention);
    Clipped clipped;
    const Lanes<kCols, kLaneBits> lane =
        requantise_lanes(sums, context, tile, activity, command, epilogue.limit, clipped);
    step_context(context, activity.context, activity.drain, control.step, e, products);

    // Where the results go.
    const bool result_ready = activity.drain || (activity.tile && control.active.last_inner);
    if (activity.tile && !control.active.last_inner) psum[step] = pack<kCols, kAccBits>(sums);
    ColumnCount saturated = 0;
    if (activity.scores) {
      saturated = count_clipped(clipped, control.active.size);
      const Lanes<kCols, kScoreBits> t = score_lanes(lane);
      scores[step] = pack<kCols, kScoreBits>(t);
      step_maximum(maximum, control.swap, t);
      maxima[parity] = pack_maxima(maximum);
    }
    if (result_ready) {
      Result result;
      result.lane = lane;
      result.clipped = clipped;
      result.sum = sums;
      result.tile = ap_uint<8>(control.active.outer);
      result.bank = activity.drain ? Bank(control.step) : Bank(control.active.outer);
      result.step = step;
      const Address plane = activity.drain ? rows.drain : rows.destination;
      const Address row = activity.drain ? Address(control.step >> kBankBits) : step;
      result.row = Address(plane + (epilogue.scatter ? queue_token(entry) : row));
      result.score = queue_score(entry);
      saturated = write_result(result, epilogue, command, results, act, query, residual, accum, gate);
    }

    count_step(statistics, control, shape, activity.array, epilogue.to_dram && result_ready, saturated);
    const Control next = advance(control, shape);
    rows = advance_rows(rows, control, next, command, shape.attention);
    control = next;
  }
}

}  // namespace edgemoe
