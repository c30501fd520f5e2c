// SPDX-License-Identifier: Apache-2.0
// COMBINE: the experts' weighted sums join the residual.
#pragma once

#include "edgemoe/command.hpp"
#include "edgemoe/memories.hpp"

namespace edgemoe {

/// sat(x + ((sum + half) >> kExpertFraction)). What a residual can be added to without leaving its range has
/// two bits more than it has; a larger sum decides alone.
inline Saturated<kResidualBits> add_rounded(ap_int<kResidualBits> x, ap_int<32> sum) {
  constexpr int kTerm = kResidualBits + 2;
  static_assert(kExpertFraction >= 1, "a half is a bit of the sum");
  // Of the sum one bit of its fraction stays: one is added to it, beside x, and it goes.
  const Shifted<kTerm + 1> halves = shift_right<kTerm + 1, 4>(sum, kExpertFraction - 1, sum < 0);
  const ap_int<kTerm + 2> doubled = ((ap_int<kResidualBits + 1>(x) << 1) | 1) + halves.value;
  const Saturated<kResidualBits> near = saturate<kResidualBits>(ap_int<kTerm + 1>(doubled >> 1));
  Saturated<kResidualBits> result;
  result.clipped = halves.beyond || near.clipped;
  result.value = halves.beyond ? saturate<kResidualBits>(sum).value : near.value;
  return result;
}

/// residual = sat(residual + the sum, rounded), one row of kRows channels a step. Returns how many
/// lanes were clipped.
inline Counter combine(const Command& command, const SumMemory& accum, ResidualMemory& residual) {
  Counter saturated = 0;
  ap_uint<16> token = 0;
  ap_uint<16> planes = command.k_tiles;
  ap_uint<16> plane = command.dst_base;
COMBINE:
  while (planes != 0) {
#pragma HLS PIPELINE II = 1
#pragma HLS DEPENDENCE variable = residual inter false
    const ap_uint<16> row = ap_uint<16>(plane + token);
    ap_uint<kBankBits + kColBits + 1> step_saturated = 0;
  COMBINE_BANK:
    for (int bank = 0; bank < kBanks; ++bank) {
#pragma HLS UNROLL
      const Lanes<kCols, 32> sum = unpack<kCols, 32>(accum[bank][row]);
      Lanes<kCols, kResidualBits> x = unpack<kCols, kResidualBits>(residual[bank][row]);
      Clipped clipped;
    COMBINE_LANE:
      for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
        const Saturated<kResidualBits> result = add_rounded(x[n], sum[n]);
        x[n] = result.value;
        clipped.lane[n] = result.clipped;
      }
      residual[bank][row] = pack<kCols, kResidualBits>(x);
      step_saturated = ap_uint<kBankBits + kColBits + 1>(step_saturated + count_clipped(clipped, kCols));
    }
    saturated = Counter(saturated + step_saturated);
    const bool last = ap_uint<16>(token + 1) == command.tokens;
    plane = last ? ap_uint<16>(plane + command.dst_stride) : plane;
    planes = last ? ap_uint<16>(planes - 1) : planes;
    token = last ? ap_uint<16>(0) : ap_uint<16>(token + 1);
  }
  return saturated;
}

}  // namespace edgemoe
