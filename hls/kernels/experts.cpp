// SPDX-License-Identifier: Apache-2.0
// The gate alone: raw logits in (int48, 8 a word, all tokens of the first 8 experts, then of the next),
// choices out (a word a token), then the queues' lengths and the queues themselves, expert by expert.
#include <ap_int.h>
#include <hls_stream.h>

#include "edgemoe/gate.hpp"

using namespace edgemoe;

void experts_kernel(hls::stream<AccumulatorWord>& logits, hls::stream<ChoiceWord>& choices,
                    hls::stream<ap_uint<16>>& lengths, hls::stream<QueueEntry>& entries, ap_uint<16> tokens,
                    ap_uint<8> experts, ap_uint<8> top_k, ap_uint<8> rule, ap_uint<17> threshold,
                    ap_uint<16> mult0, ap_uint<8> shift0) {
  SumWord accum[kBanks][kResidualDepth];
#pragma HLS ARRAY_PARTITION variable = accum complete dim = 1
  AccumulatorWord gate[kGateTiles][kMaxTokens];
#pragma HLS ARRAY_PARTITION variable = gate complete dim = 1
  RankingWord rankings[kMaxTokens];
  ShareWord shares[kMaxTokens];
  ChoiceWord choice[kMaxTokens];
  QueueEntry queue[kQueueDepth];

TILES:
  for (int tile = 0; tile < kGateTiles; ++tile) {
  LOGITS:
    for (ap_uint<16> token = 0; token != tokens; ++token) {
#pragma HLS PIPELINE II = 1
      gate[tile][token] = logits.read();
    }
  }
  Command command = unpack_descriptor(0);
  command.opcode = int(kOpcodeGate);
  command.tokens = tokens;
  command.heads = experts;
  command.group = top_k;
  command.rule = rule;
  command.threshold = threshold;
  command.mult0 = mult0;
  command.shift0 = shift0;
  gate_tokens(command, gate, rankings, shares, choice, queue, accum, lengths);

CHOICES:
  for (ap_uint<16> token = 0; token != tokens; ++token) {
#pragma HLS PIPELINE II = 1
    choices.write(choice[token]);
  }
ENTRIES:
  for (ap_uint<16> entry = 0; entry != kQueueDepth; ++entry) {
#pragma HLS PIPELINE II = 1
    entries.write(queue[entry]);
  }
}
