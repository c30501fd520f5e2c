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

inline GeluValue gelu(GeluValue h) {
  using namespace hls::dsp48e2;
  const ap_uint<22> magnitude = h < 0 ? ap_uint<22>(-h) : ap_uint<22>(h);
  const ap_uint<13> step = ap_uint<13>(magnitude >> 9);
  const bool beyond = step >= kGeluZero;
  const ap_uint<8> index = beyond ? ap_uint<8>(kGeluZero) : ap_uint<8>(step);
  const ap_uint<9> fraction = beyond ? ap_uint<9>(0) : ap_uint<9>(magnitude);
  const Segment segment = gelu_segment(index);
  constexpr auto kSlice = REG_A1 | REG_B1 | REG_M | REG_C | REG_P;
  const C_t line = mul_add<kSlice>(segment.slope, fraction, C_t(segment.base) << 9);
  const ap_int<35> delta = (line + 4096) >> 13;
  const GeluValue positive = h < 0 ? GeluValue(0) : h;
  return GeluValue(positive - delta);
}

/// The output scale of GELU: sat16((product + 2^(shift-1)) >> shift), product = g * multiplier.
inline Saturated<16> scaled_gelu(LaneProduct product, Shift shift) {
  return saturating_shift<16>(product, shift);
}

}  // namespace edgemoe
