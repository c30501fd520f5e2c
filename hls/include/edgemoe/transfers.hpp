// SPDX-License-Identifier: Apache-2.0
// On-chip memories to and from the beat streams: LOAD (pixels, embeddings) and STORE (taps, features).
#pragma once

#include <hls_stream.h>

#include "edgemoe/command.hpp"
#include "edgemoe/memories.hpp"

namespace edgemoe {

/// 16 unsigned bytes of a beat, half of them as one sub-word of int16.
inline Beat widen_bytes(Beat beat, int half) {
  Lanes<kCols, 16> values;
WIDEN:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
    values[n] = ap_int<16>(bits<8>(beat, 64 * half + 8 * n));
  }
  return pack<kCols, 16>(values);
}

/// LOAD: `size` words from dst_base on. U8 words come in 2 beats (two sub-words each), I16 words in 4.
inline void load(const Command& command, hls::stream<Beat>& beats, TensorMemory<kActDepth>& act,
                 TensorMemory<kResidualDepth>& residual) {
  const bool bytes = command.format == kFormatU8;
  const bool to_act = command.space == kSpaceAct;
  const ap_uint<2> last_part = bytes ? 1 : 3;
  ap_uint<16> words = ap_uint<16>(command.size);
  ap_uint<16> row = command.dst_base;
  ap_uint<2> part = 0;
LOAD:
  while (words != 0) {
#pragma HLS PIPELINE II = 1
    const Beat beat = beats.read();
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
    part = last ? ap_uint<2>(0) : ap_uint<2>(part + 1);
  }
}

/// STORE: `size` words from src_base on: 4 beats a word of int16, 8 a word of int32 sums, 1 a token of
/// choices.
inline void store_words(const Command& command, const TensorMemory<kActDepth>& act,
                        const TensorMemory<kQueryDepth>& query, const TensorMemory<kResidualDepth>& residual,
                        const SumMemory& accum, const Beat (&choice)[kMaxTokens],
                        hls::stream<Beat>& results) {
  const bool sums = command.space == kSpaceAccum;
  const bool choices = command.space == kSpaceChoice;
  const ap_uint<3> last_part = choices ? 0 : (sums ? 7 : 3);
  ap_uint<16> words = ap_uint<16>(command.size);
  ap_uint<16> row = command.src_base;
  ap_uint<3> part = 0;
STORE:
  while (words != 0) {
#pragma HLS PIPELINE II = 1
    const ap_uint<2> bank = sums ? ap_uint<2>(part >> 1) : ap_uint<2>(part);
    Beat beat = 0;
    if (command.space == kSpaceAct) beat = act[bank][row];
    if (command.space == kSpaceQuery) beat = query[bank][row];
    if (command.space == kSpaceResidual) beat = residual[bank][row];
    if (choices) beat = choice[row];
    if (sums) {
      const SumWord word = accum[bank][row];
      beat = (part & 1) == 0 ? bits<128>(word, 0) : bits<128>(word, 128);
    }
    results.write(beat);
    const bool last = part == last_part;
    words = last ? ap_uint<16>(words - 1) : words;
    row = last ? ap_uint<16>(row + 1) : row;
    part = last ? ap_uint<3>(0) : ap_uint<3>(part + 1);
  }
}

}  // namespace edgemoe
