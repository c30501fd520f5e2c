// SPDX-License-Identifier: Apache-2.0
// On-chip memories to and from the beat streams: LOAD (pixels, embeddings) and STORE (taps, features).
#pragma once

#include <hls_stream.h>

#include "edgemoe/command.hpp"
#include "edgemoe/memories.hpp"

namespace edgemoe {

/// The unsigned bytes of a beat, half of them as one sub-word of int16.
inline Beat widen_bytes(Beat beat, int half) {
  Lanes<kCols, 16> values;
WIDEN:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
    values[n] = ap_int<16>(bits<8>(beat, 8 * (kCols * half + n)));
  }
  return pack<kCols, 16>(values);
}

/// A beat of a feed.
using FeedPart = ap_uint<log2_floor(kFeedBeats) + 1>;

/// LOAD: `size` words from dst_base on. U8 words come in beats of two sub-words, I16 words in beats of one;
/// of the weights region they come in feeds.
inline void load(const Command& command, hls::stream<Feed>& feeds, hls::stream<Beat>& beats,
                 TensorMemory<kActDepth>& act, TensorMemory<kResidualDepth>& residual) {
  const bool from_image = command.region == kRegionImage;
  const bool bytes = command.format == kFormatU8;
  const bool to_act = command.space == kSpaceAct;
  const Bank last_part = bytes ? kBanks / 2 - 1 : kBanks - 1;
  ap_uint<16> words = ap_uint<16>(command.size);
  ap_uint<16> row = command.dst_base;
  Bank part = 0;
  Feed feed = 0;
  FeedPart taken = 0;  // beats taken of the feed
LOAD:
  while (words != 0) {
#pragma HLS PIPELINE II = 1
    Beat beat = 0;
    if (from_image) {
      beat = beats.read();
    } else {
      feed = taken == 0 ? feeds.read() : Feed(feed >> kBusBits);
      beat = Beat(feed);
      taken = taken == kFeedBeats - 1 ? FeedPart(0) : FeedPart(taken + 1);
    }
  LOAD_BANK:
    for (int bank = 0; bank < kBanks; ++bank) {
#pragma HLS UNROLL
      const bool here = bytes ? part == bank / 2 : part == bank;
      const Beat value = bytes ? widen_bytes(beat, bank % 2) : beat;
      if (here && to_act) act[bank][row] = value;
      if (here && !to_act) residual[bank][row] = value;
    }
    const bool last = part == last_part;
    words = last ? ap_uint<16>(words - 1) : words;
    row = last ? ap_uint<16>(row + 1) : row;
    part = last ? Bank(0) : Bank(part + 1);
  }
}

/// A beat of a word that STORE writes.
using StorePart = ap_uint<kBankBits + 1>;

/// STORE: `size` words from src_base on: a beat a sub-word of int16, two a sub-word of int32 sums, one a
/// token of choices.
inline void store_words(const Command& command, const TensorMemory<kActDepth>& act,
                        const TensorMemory<kQueryDepth>& query, const TensorMemory<kResidualDepth>& residual,
                        const SumMemory& accum, const Beat (&choice)[kMaxTokens],
                        hls::stream<Beat>& results) {
  const bool sums = command.space == kSpaceAccum;
  const bool choices = command.space == kSpaceChoice;
  const StorePart last_part = choices ? 0 : (sums ? 2 * kBanks - 1 : kBanks - 1);
  ap_uint<16> words = ap_uint<16>(command.size);
  ap_uint<16> row = command.src_base;
  StorePart part = 0;
STORE:
  while (words != 0) {
#pragma HLS PIPELINE II = 1
    const Bank bank = sums ? Bank(part >> 1) : Bank(part);
    Beat beat = 0;
    if (command.space == kSpaceAct) beat = act[bank][row];
    if (command.space == kSpaceQuery) beat = query[bank][row];
    if (command.space == kSpaceResidual) beat = residual[bank][row];
    if (choices) beat = choice[row];
    if (sums) {
      const SumWord word = accum[bank][row];
      beat = (part & 1) == 0 ? bits<kBusBits>(word, 0) : bits<kBusBits>(word, kBusBits);
    }
    results.write(beat);
    const bool last = part == last_part;
    words = last ? ap_uint<16>(words - 1) : words;
    row = last ? ap_uint<16>(row + 1) : row;
    part = last ? StorePart(0) : StorePart(part + 1);
  }
}

}  // namespace edgemoe
