// SPDX-License-Identifier: Apache-2.0
// Fixed-point primitives: saturation, requantisation and normalisation.
// The same integer formulas as host/edgemoe/numerics.py; every bit of the two agrees.
#pragma once

#include <ap_int.h>
#include <hls_dsp_builtins.h>

#include "edgemoe_config.hpp"

namespace edgemoe {

/// Width of a requantised value: the widest are the expert outputs and what is added to the residual.
constexpr int kLaneBits = kExpertBits;
static_assert(kHiddenBits <= kLaneBits && kScoreBits <= kLaneBits && kActBits <= kLaneBits,
              "every requantised value fits a lane");

/// Static multipliers have 16 bits; a context row's, which is one of them times a reciprocal, has 17: with
/// its sign, the narrow operand of a DSP slice.
constexpr int kRowMultiplierBits = 17;
static_assert(kMultiplierBits < kRowMultiplierBits && kShiftMax < 64, "formats of a requantiser");

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

/// W times the same bit.
template <int W>
ap_uint<W> repeated(bool bit) {
  return ap_uint<W>(ap_int<W>(-ap_int<2>(bit)));
}

/// What a number beyond W bits becomes.
template <int W>
ap_int<W> end_of_range(bool negative) {
  constexpr long long kHigh = (1LL << (W - 1)) - 1;
  return negative ? -kHigh - 1 : kHigh;
}

/// Clamps `x` to W bits, two's complement: it fits if all that is above them is sign.
template <int W, int V>
Saturated<W> saturate(ap_int<V> x) {
  const bool negative = x < 0;
  const ap_uint<V - W + 1> above = ap_uint<V - W + 1>(x >> (W - 1));
  Saturated<W> result;
  result.clipped = above != repeated<V - W + 1>(negative);
  result.value = result.clipped ? end_of_range<W>(negative) : ap_int<W>(x);
  return result;
}

/// The lowest W bits of a shifted value, and whether they are not all of it.
template <int W>
struct Shifted {
  ap_int<W> value;
  bool beyond;
};

/// x >> s for s < 2 << Level, the widest step first, so that each keeps only the bits that the steps after it
/// can bring to the lowest W. What it leaves out must be sign.
template <int W, int Level, int V>
Shifted<W> shift_right(ap_int<V> x, Shift s, bool negative) {
  constexpr int kStep = (1 << Level) < V ? 1 << Level : V - 1;
  constexpr int kReach = W + (1 << Level) - 1;
  constexpr int kKept = V < kReach ? V : kReach;
  const ap_int<V> moved = ((s >> Level) & 1) == 1 ? ap_int<V>(x >> kStep) : x;
  const ap_uint<V - kKept + 1> above = ap_uint<V - kKept + 1>(moved >> (kKept - 1));
  const bool beyond = above != repeated<V - kKept + 1>(negative);
  Shifted<W> result;
  if constexpr (Level == 0) {
    result.value = ap_int<W>(moved);
    result.beyond = beyond;
  } else {
    result = shift_right<W, Level - 1>(ap_int<kKept>(moved), s, negative);
    result.beyond = result.beyond || beyond;
  }
  return result;
}

/// (x + ((1 << s) >> 1)) >> s, computed as ((2x >> s) + 1) >> 1: one shifter, one increment.
template <int W, int V>
Shifted<W> round_shift(ap_int<V> x, Shift s) {
  const ap_int<V + 1> doubled = ap_int<V + 1>(x) << 1;
  const Shifted<W + 2> shifted = shift_right<W + 2, 5>(doubled, s, x < 0);
  const ap_int<W + 2> half_steps = shifted.value;
  const ap_int<W + 1> rounded = ap_int<W + 1>((half_steps + 1) >> 1);
  Shifted<W> result;
  result.value = ap_int<W>(rounded);
  result.beyond = shifted.beyond || (rounded < 0) != (result.value < 0);
  return result;
}

/// The same, clamped to W bits.
template <int W, int V>
Saturated<W> saturating_shift(ap_int<V> x, Shift s) {
  const Shifted<W> rounded = round_shift<W>(x, s);
  Saturated<W> result;
  result.value = rounded.beyond ? end_of_range<W>(x < 0) : rounded.value;
  result.clipped = rounded.beyond;
  return result;
}

/// A lane times an unsigned factor of 16 bits: GELU's output by its scale, or an expert's by the token's
/// score.
using LaneProduct = ap_int<kLaneBits + 17>;

/// Largest value of a signed number of `bits` bits: the saturation limit of a lane.
inline LaneValue largest(int bits) {
  return LaneValue((1LL << (bits - 1)) - 1);
}

/// acc * m in two DSP slices: the second adds what the first leaves above the low part.
inline ap_int<kAccBits + kRowMultiplierBits> scale(Accumulator acc, Multiplier m) {
  using namespace hls::dsp48e2;
  constexpr auto kSlice = REG_A1 | REG_B1 | REG_M | REG_C | REG_P;
  constexpr int kLow = 24;  // without a sign; the wide operand has 27 bits, of a 7-series slice 25
  static_assert(kAccBits - kLow <= 25 && kRowMultiplierBits < 18, "a half fits a slice");
  const C_t low = mul_add<kSlice>(ap_uint<kLow>(acc), m, 0);
  const C_t high = mul_add<kSlice>(acc >> kLow, m, low >> kLow);
  return (ap_int<kAccBits + kRowMultiplierBits>(high) << kLow) | ap_uint<kLow>(low);
}

/// rq: sat((acc * m + 2^(s-1)) >> s), clamped to [-limit-1, limit]; `limit` is the `largest` of some width,
/// so that a value within it has nothing but sign where `limit` has zeros.
inline Saturated<kLaneBits> requantise(Accumulator acc, Multiplier m, Shift s, LaneValue limit) {
  constexpr int kProduct = kAccBits + kRowMultiplierBits;
  const ap_int<kProduct> product = scale(acc, m);
  const Shifted<kLaneBits> rounded = round_shift<kLaneBits>(product, s);
  const LaneValue signs = LaneValue(repeated<kLaneBits>(rounded.value < 0));
  Saturated<kLaneBits> result;
  result.clipped = rounded.beyond || LaneValue((rounded.value ^ signs) & ~limit) != 0;
  result.value = result.clipped ? (product < 0 ? LaneValue(~limit) : limit) : rounded.value;
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
