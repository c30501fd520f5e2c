// SPDX-License-Identifier: Apache-2.0
// On-chip memories to and from the beat streams: LOAD (pixels, embeddings) and STORE (taps, features).
#pragma once

#include <hls_stream.h>

#include "edgemoe/command.hpp"
#include "edgemoe/on_chip.hpp"

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

/// Values of int32 in a beat.
constexpr int kBeatWide = kCols / 2;

/// A sub-word of the residual from two beats of int32. `clipped`: which values had to be.
inline ResidualWord narrow_beats(Beat low, Beat high, Clipped& clipped) {
  Lanes<kCols, kResidualBits> values;
NARROW:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
    const Beat beat = n < kBeatWide ? low : high;
    const Saturated<kResidualBits> x =
        saturate<kResidualBits, 32>(ap_int<32>(bits<32>(beat, 32 * (n % kBeatWide))));
    values[n] = x.value;
    clipped.lane[n] = x.clipped;
  }
  return pack<kCols, kResidualBits>(values);
}

/// A sub-word of the residual, sign-extended to int32: two beats.
inline SumWord widen_residual(ResidualWord word) {
  const Lanes<kCols, kResidualBits> x = unpack<kCols, kResidualBits>(word);
  Lanes<kCols, 32> values;
WIDEN_RESIDUAL:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
    values[n] = x[n];
  }
  return pack<kCols, 32>(values);
}

/// A beat of a word: of bytes it is two sub-words, of int16 one, of int32 half a one.
using WordPart = ap_uint<kBankBits + 1>;

/// A beat of a feed.
using FeedPart = ap_uint<log2_floor(kFeedBeats) + 1>;
/// Where a feed's second beat begins, if it has one.
constexpr int kSecondBeat = kFeedBeats >= 2 ? kBusBits : 0;

/// LOAD: `size` words from dst_base on, bytes and int16 into `act`, int32 into `residual`; of the weights
/// region they come in feeds, of which a step takes both halves of an int32 sub-word where a feed holds them.
/// Returns how many of the residual's values were clipped.
inline Counter load(const Command& command, hls::stream<Feed>& feeds, hls::stream<Beat>& beats,
                    Memories& memory) {
  const bool from_image = command.region == kRegionImage;
  const bool bytes = command.format == kFormatU8;
  const bool wide = command.format == kFormatI32;
  const bool paired = kFeedBeats >= 2 && wide && !from_image;
  const int step = paired ? 2 : 1;
  const WordPart last_part = bytes ? kBanks / 2 - 1 : (wide ? 2 * kBanks - step : kBanks - 1);
  ap_uint<16> words = ap_uint<16>(command.size);
  ap_uint<16> row = command.dst_base;
  WordPart part = 0;
  Feed feed = 0;
  FeedPart taken = 0;  // beats taken of the feed
  Beat before = 0;
  Counter saturated = 0;
LOAD:
  while (words != 0) {
#pragma HLS PIPELINE II = 1
    Beat beat = 0;
    Beat second = 0;
    if (from_image) {
      beat = beats.read();
    } else {
      feed = taken == 0 ? feeds.read() : Feed(feed >> (paired ? 2 * kBusBits : kBusBits));
      beat = Beat(feed);
      second = Beat(feed >> kSecondBeat);
      taken = taken == kFeedBeats - step ? FeedPart(0) : FeedPart(taken + step);
    }
    Clipped clipped;
    const ResidualWord narrowed = narrow_beats(paired ? beat : before, paired ? second : beat, clipped);
    const bool whole = wide && (paired || (part & 1) == 1);
  LOAD_BANK:
    for (int bank = 0; bank < kBanks; ++bank) {
#pragma HLS UNROLL
      const bool here = bytes ? part == bank / 2 : part == bank;
      const Beat value = bytes ? widen_bytes(beat, bank % 2) : beat;
      if (here && !wide) memory.act[bank][row] = value;
      if (whole && (part >> 1) == bank) memory.residual[bank][row] = narrowed;
    }
    saturated = Counter(saturated + count_clipped(clipped, whole ? kCols : 0));
    before = beat;
    const bool last = part == last_part;
    words = last ? ap_uint<16>(words - 1) : words;
    row = last ? ap_uint<16>(row + 1) : row;
    part = last ? WordPart(0) : WordPart(part + step);
  }
  return saturated;
}

/// Beat `part` of a token's choice; what a wider beat has left is 0.
inline Beat choice_beat(ChoiceWord choice, WordPart part) {
  const ap_uint<8> low = ap_uint<8>((part & (kChoiceBeats - 1)) * kBusBits);
  return Beat(choice >> low);
}

/// STORE: `size` words from src_base on: a beat a sub-word of int16, two a sub-word of int32 (residual and
/// sums), kChoiceBeats a token of choices.
inline void store_words(const Command& command, const Memories& memory, hls::stream<Beat>& results) {
  const bool wide = wide_space(command.space);
  const bool choices = command.space == kSpaceChoice;
  const WordPart last_part = choices ? kChoiceBeats - 1 : (wide ? 2 * kBanks - 1 : kBanks - 1);
  ap_uint<16> words = ap_uint<16>(command.size);
  ap_uint<16> row = command.src_base;
  WordPart part = 0;
STORE:
  while (words != 0) {
#pragma HLS PIPELINE II = 1
    const Bank bank = wide ? Bank(part >> 1) : Bank(part);
    Beat beat = 0;
    if (command.space == kSpaceAct) beat = memory.act[bank][row];
    if (command.space == kSpaceKeys) beat = read_key_beat(memory.keys, row, bank);
    if (choices) beat = choice_beat(memory.choice[row], part);
    if (wide) {
      SumWord word = 0;
      if (command.space == kSpaceAccum) word = memory.accum[bank][row];
      if (command.space == kSpaceResidual) word = widen_residual(memory.residual[bank][row]);
      beat = (part & 1) == 0 ? bits<kBusBits>(word, 0) : bits<kBusBits>(word, kBusBits);
    }
    results.write(beat);
    const bool last = part == last_part;
    words = last ? ap_uint<16>(words - 1) : words;
    row = last ? ap_uint<16>(row + 1) : row;
    part = last ? WordPart(0) : WordPart(part + 1);
  }
}

}  // namespace edgemoe
