// SPDX-License-Identifier: Apache-2.0
// The engine as attention of its own: q, k and v come in as words of int16 (all heads of q, then of k, then
// of v, one plane a head), the context leaves likewise. `group` queries are held at a time; the result does
// not depend on it.
#include <ap_int.h>
#include <hls_stream.h>

#include "edgemoe/engine.hpp"
#include "edgemoe/transfers.hpp"

using namespace edgemoe;

/// Fills `query`, which LOAD does not reach.
static void load_queries(hls::stream<Beat>& inputs, Beat (&query)[kBanks][kQueryDepth], ap_uint<16> words) {
QUERIES:
  for (ap_uint<16> row = 0; row != words; ++row) {
  QUERY_BANK:
    for (int bank = 0; bank < kBanks; ++bank) {
#pragma HLS PIPELINE II = 1
      query[bank][row] = inputs.read();
    }
  }
}

void attention_kernel(hls::stream<Beat>& inputs, hls::stream<Beat>& results, ap_uint<16> tokens,
                      ap_uint<8> heads, ap_uint<8> group, ap_uint<16> mult0, ap_uint<8> shift0,
                      ap_uint<16> mult1, ap_uint<8> shift1) {
  Beat act[kBanks][kActDepth];
#pragma HLS ARRAY_PARTITION variable = act complete dim = 1
  Beat query[kBanks][kQueryDepth];
#pragma HLS ARRAY_PARTITION variable = query complete dim = 1
  ResidualWord residual[kBanks][kResidualDepth];
#pragma HLS ARRAY_PARTITION variable = residual complete dim = 1
  SumWord accum[kBanks][kResidualDepth];
#pragma HLS ARRAY_PARTITION variable = accum complete dim = 1
  AccumulatorWord gate[kGateTiles][kMaxTokens];
#pragma HLS ARRAY_PARTITION variable = gate complete dim = 1
  AccumulatorWord psum[kMaxTokens];
  ScoreWord scores[kMaxTokens];
  Beat choice[kMaxTokens];
  QueueEntry queue[kQueueDepth];

  const ap_uint<16> words = ap_uint<16>(heads * tokens);
  load_queries(inputs, query, words);
  Command command = unpack_descriptor(0);
  command.space = int(kSpaceAct);
  command.format = int(kFormatI16);
  command.size = ap_uint<32>(words * 2);
  command.region = int(kRegionImage);
  hls::stream<Feed> weights;  // none come
  load(command, weights, inputs, act, residual);

  command.opcode = int(kOpcodeAttention);
  command.tokens = tokens;
  command.heads = heads;
  command.group = group;
  command.src_stride = tokens;
  command.aux_base = words;
  command.aux_stride = tokens;
  command.dst_base = ap_uint<16>(words * 2);
  command.dst_stride = tokens;
  command.query_stride = tokens;
  command.mult0 = mult0;
  command.shift0 = shift0;
  command.mult1 = mult1;
  command.shift1 = shift1;
  Statistics statistics = clear_statistics(0);
  engine(command, weights, results, act, query, residual, accum, psum, scores, gate, queue, statistics);

  command.src_base = command.dst_base;
  command.size = words;
  store_words(command, act, query, residual, accum, choice, results);
}
