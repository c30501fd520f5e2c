// SPDX-License-Identifier: Apache-2.0
// The engine: one pipelined loop (II=1) around the one MAC array. Every linear layer, expert and attention
// product runs in it; a command selects the phases of its blocks and the epilogue of its results.
//
// Stages of an iteration, in pipeline order: settle control and take a beat (cycle 0) -> queue and on-chip
// reads -> stationary operand -> 256 products -> sums of columns -> requantising lanes -> epilogue and
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
    if (next_outer && (attention || (next.active.outer & 3) == 0)) {
      moved.destination = Address(rows.destination + command.dst_stride);
    }
    if (next_outer) moved.values = Address(rows.values + command.aux_stride);
    if (next_outer == attention) moved.x = Address(rows.x + command.src_stride);  // next k-tile, or next head
    if (next_outer && !attention) moved.x = command.src_base;
  }
  if (next.swap && next.next.first_inner) moved.query = Address(rows.query + command.query_stride);
  return moved;
}

inline void engine(const Command& command, hls::stream<Beat>& beats, hls::stream<Beat>& results,
                   TensorMemory<kActDepth>& act, TensorMemory<kQueryDepth>& query,
                   TensorMemory<kResidualDepth>& residual, SumMemory& accum,
                   AccumulatorWord (&psum)[kMaxTokens], ScoreWord (&scores)[kMaxTokens], GateMemory& gate,
                   const QueueEntry (&queue)[kQueueDepth], Statistics& statistics) {
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
    const bool in_tile = control.phase == kTile;
    const bool in_scores = control.phase == kScores;
    const bool in_context = control.phase == kContext;
    const bool in_drain =
        (control.phase == kGap || control.phase == kDrain) && control.step < control.drain_steps;
    const bool busy = in_scores || in_context || (in_tile && control.step < shape.tokens);
    const Address step = busy ? control.step : Address(0);

    // Stationary operand.
    Beat beat = 0;
    if (control.loading && !shape.attention) beat = beats.read();
    const Address query_row = Address(rows.query + control.next.inner + control.load);
    const Word query_word = read_word(query, control.loading && shape.attention ? query_row : Address(0));
    parity = control.swap ? !parity : parity;
    swap_in(tile, control.swap, control.active.first_inner && !shape.attention);
    load_weights(tile, control.loading && !shape.attention, control.load, shape.wide, beat);
    load_query(tile, control.loading && shape.attention, control.load, query_word);

    // Moving operand: a token (gathered for experts), a key or a value.
    const QueueEntry entry = queue[Address(queue_row + step)];
    const Address token = command.gather ? queue_token(entry) : step;
    const Address x_row = in_context ? Address(rows.values + step) : Address(rows.x + token);
    const Word x = read_word(act, busy ? x_row : Address(0));

    // Exponentials of the scores that the sweep before left.
    const Lanes<kCols, 18> score = unpack<kCols, 18>(scores[step]);
    const Lanes<kCols, 8> score_maximum = unpack<kCols, 8>(maxima[parity]);
    Exponential e[kCols];
  EXPONENTIAL:
    for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
      e[n] = n < control.active.size ? exp2_lane(score[n], score_maximum[n]) : Exponential(0);
    }

    const Products products = multiply(x, tile, in_context, e);
    const Lanes<kCols, kAccBits> partial = unpack<kCols, kAccBits>(psum[step]);
    const RowScale scale = row_scale(context.total[0], command.mult1, command.shift1);
    Lanes<kCols, kAccBits> sum;
    Lanes<kCols, kLaneBits> lane;
  LANE:
    for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
      const Channel channel = tile.active_channel[n];
      const Accumulator bias = shape.attention ? Accumulator(0) : Accumulator(channel.bias);
      const bool start = shape.attention || control.active.first_inner;
      sum[n] = column_sum(products, n, start ? bias : Accumulator(partial[n]));
      const Accumulator value = in_drain ? Accumulator(context.sum[n]) : Accumulator(sum[n]);
      const Multiplier multiplier =
          in_drain ? scale.multiplier : Multiplier(in_scores ? command.mult0 : channel.multiplier);
      const Shift shift = in_drain ? scale.shift : (in_scores ? Shift(command.shift0) : channel.shift);
      lane[n] = requantise(value, multiplier, shift, in_scores ? largest(kScoreBits) : epilogue.limit);
    }
    step_context(context, in_context, in_drain, control.step, e, products);

    if (in_tile && busy && !control.active.last_inner) psum[step] = pack<kCols, kAccBits>(sum);
    if (in_scores) {
      Lanes<kCols, 18> t;
    SCORE:
      for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
        t[n] = Score(lane[n]);
      }
      scores[step] = pack<kCols, 18>(t);
      step_maximum(maximum, control.swap, t);
      maxima[parity] = pack_maxima(maximum);
    }
    const bool result_ready = in_drain || (in_tile && busy && control.active.last_inner);
    if (result_ready) {
      Result result;
      result.lane = lane;
      result.sum = sum;
      result.tile = ap_uint<8>(control.active.outer);
      result.bank = in_drain ? ap_uint<2>(control.step) : ap_uint<2>(control.active.outer);
      result.step = step;
      const Address plane = in_drain ? rows.drain : rows.destination;
      const Address row = in_drain ? Address(control.step >> 2) : step;
      result.row = Address(plane + (epilogue.scatter ? queue_token(entry) : row));
      result.score = queue_score(entry);
      write_result(result, epilogue, command, results, act, query, residual, accum, gate);
    }

    count_step(statistics, control, shape, busy, epilogue.to_dram && result_ready);
    const Control next = advance(control, shape);
    rows = advance_rows(rows, control, next, command, shape.attention);
    control = next;
  }
}

}  // namespace edgemoe
