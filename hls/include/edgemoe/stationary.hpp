// SPDX-License-Identifier: Apache-2.0
// The stationary operand of the MAC array: a tile of kRows x kCols weights, or p queries (one a column).
// Two copies in registers: the array computes with `active` while `shadow` is loaded beat by beat.
#pragma once

#include "edgemoe/engine_control.hpp"

namespace edgemoe {

using Operand = ap_int<16>;
using Word = Lanes<kRows, 16>;

/// Per-output-channel record of DRAM, 64 bits: bias 0..39, multiplier 40..55, shift 56..61.
struct Channel {
  ap_int<40> bias;
  ap_uint<16> multiplier;
  Shift shift;
};

inline Channel unpack_channel(ap_uint<64> record) {
  Channel channel;
  channel.bias = ap_int<40>(bits<40>(record, 0));
  channel.multiplier = bits<16>(record, 40);
  channel.shift = bits<6>(record, 56);
  return channel;
}

struct Stationary {
  Operand shadow[kRows][kCols];
  Operand active[kRows][kCols];
  Channel shadow_channel[kCols];
  Channel active_channel[kCols];
};

inline Stationary empty_stationary() {
  Stationary s;
CLEAR_COLUMN:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
    s.shadow_channel[n] = unpack_channel(0);
    s.active_channel[n] = unpack_channel(0);
  CLEAR_ROW:
    for (int k = 0; k < kRows; ++k) {
#pragma HLS UNROLL
      s.shadow[k][n] = 0;
      s.active[k][n] = 0;
    }
  }
  return s;
}

/// First step of a block: the loaded operand becomes the active one. Channel records come with the first
/// k-tile of a column group only and stay until the next group.
inline void swap_in(Stationary& s, bool swap, bool with_channels) {
SWAP_COLUMN:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
    if (swap && with_channels) s.active_channel[n] = s.shadow_channel[n];
  SWAP_ROW:
    for (int k = 0; k < kRows; ++k) {
#pragma HLS UNROLL
      if (swap) s.active[k][n] = s.shadow[k][n];
    }
  }
}

/// Channel records of a feed, and feeds of a column of bytes.
constexpr int kFeedRecords = kFeedBits / 64;
constexpr int kColumnFeeds = kRows / kFeedBytes;
constexpr int kColumnFeedBits = log2_floor(kColumnFeeds);

/// Loads feed `load` of a tile: kRecordFeeds feeds of channel records, then kColumnFeeds feeds of weights a
/// column (int8) or twice as many (int16).
inline void load_weights(Stationary& s, bool loading, LoadStep load, bool wide, Feed feed) {
  const bool records = load < kRecordFeeds;
  const LoadStep index = LoadStep(load - kRecordFeeds);
  const ap_uint<kColBits + 1> column = wide ? ap_uint<kColBits + 1>(index >> (kColumnFeedBits + 1))
                                            : ap_uint<kColBits + 1>(index >> kColumnFeedBits);
LOAD_COLUMN:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
    const Channel channel = unpack_channel(bits<64>(feed, 64 * (n % kFeedRecords)));
    if (loading && records && load == n / kFeedRecords) s.shadow_channel[n] = channel;
    const bool here = loading && !records && column == n;
  LOAD_ROW:
    for (int k = 0; k < kRows; ++k) {
#pragma HLS UNROLL
      const Operand narrow_value = ap_int<8>(bits<8>(feed, 8 * (k % kFeedBytes)));
      const Operand wide_value = ap_int<16>(bits<16>(feed, 16 * (k % (kFeedBytes / 2))));
      const bool part = wide ? (index & (2 * kColumnFeeds - 1)) == k / (kFeedBytes / 2)
                             : (index & (kColumnFeeds - 1)) == k / kFeedBytes;
      const Operand value = wide ? Operand(wide_value) : Operand(narrow_value);
      if (here && part) s.shadow[k][n] = value;
    }
  }
}

/// Loads query `load` of a group into its column.
inline void load_query(Stationary& s, bool loading, LoadStep load, const Word& query) {
LOAD_QUERY_COLUMN:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
    const bool here = loading && load == n;
  LOAD_QUERY_ROW:
    for (int k = 0; k < kRows; ++k) {
#pragma HLS UNROLL
      if (here) s.shadow[k][n] = query[k];
    }
  }
}

}  // namespace edgemoe
