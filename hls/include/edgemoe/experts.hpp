// SPDX-License-Identifier: Apache-2.0
// Experts, one by one: each has a queue of tokens, which the gate fills. fc1 gathers its tokens by the queue,
// fc2 scatters its outputs onto the sums of the same tokens, weighted by their scores.
#pragma once

#include "edgemoe/fixed.hpp"
#include "edgemoe/memories.hpp"

namespace edgemoe {

/// Queues of tokens, one an expert: token 0..15, score 16..31.
using QueueEntry = ap_uint<32>;
constexpr int kQueueDepth = kMaxExperts * kMaxTokens;

/// Where an expert's queue begins.
inline ap_uint<16> queue_row(ap_uint<8> expert) {
  const ap_uint<16> row = expert * kMaxTokens;
#pragma HLS BIND_OP variable = row op = mul impl = fabric
  return row;
}

inline QueueEntry queue_entry(ap_uint<16> token, ap_uint<16> score) {
  return QueueEntry((QueueEntry(score) << 16) | token);
}
inline ap_uint<16> queue_token(QueueEntry entry) {
  return bits<16>(entry, 0);
}
inline ap_uint<16> queue_score(QueueEntry entry) {
  return bits<16>(entry, 16);
}

/// sum += (product + 2^15) >> 16, in int32, product = z * score.
inline SumWord add_weighted(SumWord sums, const LaneProduct (&product)[kCols]) {
  Lanes<kCols, 32> sum = unpack<kCols, 32>(sums);
SUM_LANE:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
    sum[n] = ap_int<32>(sum[n] + ((product[n] + 32768) >> 16));
  }
  return pack<kCols, 32>(sum);
}

}  // namespace edgemoe
