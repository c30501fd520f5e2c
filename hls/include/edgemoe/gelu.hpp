// SPDX-License-Identifier: Apache-2.0
// GELU(h) = ReLU(h) - delta(|h|): delta is even, small and zero beyond 5.5, so one short table
// with a shift for an index serves both signs.
#pragma once

#include <hls_dsp_builtins.h>

#include "edgemoe/fixed.hpp"
#include "edgemoe/tables.hpp"

namespace edgemoe {

/// Input and output of the unit: Q.14 in 22 bits, never stored.
using GeluValue = ap_int<22>;

/// Index of the first table interval that is identically zero: |h| >= 5.5.
constexpr int kGeluZero = kGeluSteps;

/// A piece's value, in units of 2^-9.
inline ap_int<48> on_line(const Segment& segment, ap_uint<9> fraction) {
  using namespace hls::dsp48e2;
  const C_t base = C_t(segment.base) << 9;
  if constexpr (kFewSlices) {
    const ap_int<24> rise = segment.slope * fraction;
#pragma HLS BIND_OP variable = rise op = mul impl = fabric
    return C_t(base + rise);
  } else {
    return mul_add<REG_A1 | REG_B1 | REG_M | REG_C | REG_P>(segment.slope, fraction, base);
  }
}

inline GeluValue gelu(GeluValue h) {
  const ap_uint<22> magnitude = h < 0 ? ap_uint<22>(-h) : ap_uint<22>(h);
  const ap_uint<13> step = ap_uint<13>(magnitude >> 9);
  const bool beyond = step >= kGeluZero;
  const ap_uint<8> index = beyond ? ap_uint<8>(kGeluZero) : ap_uint<8>(step);
  const ap_uint<9> fraction = beyond ? ap_uint<9>(0) : ap_uint<9>(magnitude);
  const Segment segment = gelu_segment(index);
  const ap_int<35> delta = (on_line(segment, fraction) + 4096) >> 13;
  const GeluValue positive = h < 0 ? GeluValue(0) : h;
  return GeluValue(positive - delta);
}

/// The output scale of GELU: sat16((product + 2^(shift-1)) >> shift), product = g * multiplier.
inline Saturated<16> scaled_gelu(LaneProduct product, Shift shift) {
  return saturating_shift<16>(product, shift);
}

}  // namespace edgemoe
