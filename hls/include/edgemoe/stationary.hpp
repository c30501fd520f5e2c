// SPDX-License-Identifier: Apache-2.0
// The stationary operand of the MAC array: a tile of kRows x kCols weights, keys (one a column) or values
// (one a row). Two copies in registers: the array computes with `active` while `shadow` is loaded step by
// step.
#pragma once

#include "edgemoe/engine_control.hpp"

namespace edgemoe {

using Operand = ap_int<16>;

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

/// What step `load` of loading a tile brings: channel records, or a part of a column. A part's lanes are the
/// same for all columns, so that an element only chooses whether it takes them.
struct Load {
  bool records;
  bool column;
  LoadStep records_step;  // which records
  ColumnCount to_column;
  bool here[kRows];  // rows that the part covers
};

/// Weights come as kRecordFeeds feeds of channel records, then kColumnFeeds feeds of weights a column (int8)
/// or twice as many (int16); keys and columns of values come whole.
inline Load load_of(const Control& control, const Shape& shape) {
  const LoadStep index = LoadStep(control.load - kRecordFeeds);
  Load load;
  load.records = control.loading && !shape.attention && control.load < kRecordFeeds;
  load.column = control.loading && !load.records;
  load.records_step = control.load;
  load.to_column =
      shape.wide ? ColumnCount(index >> (kColumnFeedBits + 1)) : ColumnCount(index >> kColumnFeedBits);
  if (shape.attention) load.to_column = ColumnCount(control.load);
PART:
  for (int k = 0; k < kRows; ++k) {
#pragma HLS UNROLL
    const bool part = shape.wide ? (index & (2 * kColumnFeeds - 1)) == k / (kFeedBytes / 2)
                                 : (index & (kColumnFeeds - 1)) == k / kFeedBytes;
    load.here[k] = shape.attention || part;
  }
  return load;
}

/// Loads the shadow tile: a feed of weights, a key or a lane of values.
inline void load_operand(Stationary& s, const Load& load, const Shape& shape, Feed feed, const Word& word) {
  Word column;
COLUMN_VALUE:
  for (int k = 0; k < kRows; ++k) {
#pragma HLS UNROLL
    const Operand narrow_value = ap_int<8>(bits<8>(feed, 8 * (k % kFeedBytes)));
    const Operand wide_value = ap_int<16>(bits<16>(feed, 16 * (k % (kFeedBytes / 2))));
    column[k] = shape.attention ? word[k] : (shape.wide ? wide_value : narrow_value);
  }
LOAD_COLUMN:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
    const Channel channel = unpack_channel(bits<64>(feed, 64 * (n % kFeedRecords)));
    if (load.records && load.records_step == n / kFeedRecords) s.shadow_channel[n] = channel;
    const bool to_column = load.column && load.to_column == n;
  LOAD_ROW:
    for (int k = 0; k < kRows; ++k) {
#pragma HLS UNROLL
      const Operand before = s.shadow[k][n];
      const Operand loaded = column[k];
      s.shadow[k][n] = (to_column & load.here[k]) ? loaded : before;
    }
  }
}

}  // namespace edgemoe
