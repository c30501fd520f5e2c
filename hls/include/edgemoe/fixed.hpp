// SPDX-License-Identifier: Apache-2.0
// Fixed-point primitives: saturation, requantisation and normalisation.
// The same integer formulas as host/edgemoe/numerics.py; every bit of the two agrees.
#pragma once

#include <ap_int.h>

#include "edgemoe_config.hpp"

namespace edgemoe {

/// Width of a requantised value: the widest are the expert outputs and what is added to the residual.
constexpr int kLaneBits = kExpertBits;
static_assert(kHiddenBits <= kLaneBits && kScoreBits <= kLaneBits && kActBits <= kLaneBits,
              "every requantised value fits a lane");

/// Static multipliers have 16 bits; a context row's joins its reciprocal, which has 17.
constexpr int kRowMultiplierBits = 18;
static_assert(kMultiplierBits <= kRowMultiplierBits && kShiftMax < 64, "formats of a requantiser");

using Accumulator = ap_int<kAccBits>;
using Multiplier = ap_uint<kRowMultiplierBits>;
using Shift = ap_uint<6>;
using LaneValue = ap_int<kLaneBits>;

/// A value of W bits, and whether it is not what was computed but the end of its range.
template <int W>
struct Saturated {
  ap_int<W> value;
  bool clipped;
};

/// Clamps `x` to W bits, two's complement.
template <int W, int V>
Saturated<W> saturate(ap_int<V> x) {
  constexpr long long kHigh = (1LL << (W - 1)) - 1;
  const ap_int<V> high = kHigh;
  const ap_int<V> low = -kHigh - 1;
  const bool above = x > high;
  const bool below = x < low;
  Saturated<W> result;
  result.value = ap_int<W>(above ? high : (below ? low : x));
  result.clipped = above || below;
  return result;
}

/// (x + ((1 << s) >> 1)) >> s, computed as ((2x >> s) + 1) >> 1: one shifter, one increment. Every shift is
/// below the width of what it shifts, so all 64 of them are defined.
template <int V>
ap_int<V> round_shift(ap_int<V> x, Shift s) {
  constexpr int kDoubled = V + 1 > 64 ? V + 1 : 64;
  const ap_int<kDoubled> doubled = ap_int<kDoubled>(x) << 1;
  const ap_int<kDoubled> half_steps = doubled >> s;
  return ap_int<V>((half_steps + 1) >> 1);
}

/// Largest value of a signed number of `bits` bits: the saturation limit of a lane.
inline LaneValue largest(int bits) {
  return LaneValue((1LL << (bits - 1)) - 1);
}

/// rq: sat((acc * m + 2^(s-1)) >> s), clamped to [-limit-1, limit].
inline Saturated<kLaneBits> requantise(Accumulator acc, Multiplier m, Shift s, LaneValue limit) {
  constexpr int kProduct = kAccBits + kRowMultiplierBits;
  const ap_int<kProduct> product = acc * m;
  const ap_int<kProduct> value = round_shift<kProduct>(product, s);
  const ap_int<kProduct> high = limit;
  const ap_int<kProduct> low = ~limit;
  const bool above = value > high;
  const bool below = value < low;
  Saturated<kLaneBits> result;
  result.value = LaneValue(above ? high : (below ? low : value));
  result.clipped = above || below;
  return result;
}

/// `mantissa`: U shifted left until its top bit is set; `exponent`: floor(log2 U). U must not be 0.
struct Normalised {
  ap_uint<64> mantissa;
  ap_uint<6> exponent;
};

inline Normalised normalise(ap_uint<64> u) {
  Normalised n;
  n.mantissa = u;
  n.exponent = 63;
NORMALISE:
  for (int level = 5; level >= 0; --level) {
#pragma HLS UNROLL
    const int step = 1 << level;
    const bool clear = (n.mantissa >> (64 - step)) == 0;
    n.mantissa = clear ? ap_uint<64>(n.mantissa << step) : n.mantissa;
    n.exponent = clear ? ap_uint<6>(n.exponent - step) : n.exponent;
  }
  return n;
}

}  // namespace edgemoe
