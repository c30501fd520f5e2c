// SPDX-License-Identifier: Apache-2.0
// Single-pass softmax in base 2: exponentials against an integer maximum, and the reciprocal of
// their sum through the rsqrt unit that LayerNorm also uses.
#pragma once

#include "edgemoe/fixed.hpp"
#include "edgemoe/tables.hpp"

namespace edgemoe {

/// log2 of a score: Q.10 in 18 bits; its integer part is what the running maximum is taken of.
using Score = ap_int<18>;
using IntegerMaximum = ap_int<8>;
/// 2^(t - maximum - 1) in units of 2^-15: below 1, the largest of a row in [1/2, 1).
using Exponential = ap_uint<15>;

inline IntegerMaximum integer_part(Score t) {
  return IntegerMaximum(t >> 10);
}

/// 2^(f - 1) of a fraction f in Q.10, in units of 2^-15.
inline ap_uint<15> exp2_mantissa(ap_uint<10> fraction) {
  return kExp2Mantissas.mantissa[fraction.to_int()];
}

/// exp2 unit: a mantissa of 15 bits, one rounding shift. No sign, no overflow.
inline Exponential exp2_lane(Score t, IntegerMaximum maximum) {
  const ap_uint<15> mantissa = exp2_mantissa(ap_uint<10>(t));
  // A score above the maximum cannot occur in a row whose maximum it took part in.
  const ap_uint<8> distance = ap_uint<8>(maximum - integer_part(t));
  const ap_uint<4> d = ap_uint<4>(distance);
  const ap_uint<16> half_steps = ap_uint<16>(ap_uint<16>(mantissa) << 1) >> d;
  return distance >= 16 ? Exponential(0) : Exponential((half_steps + 1) >> 1);
}

/// 1/sqrt(U) = root * 2^-(17 + half_exponent), U >= 1. With its sign, `root` is the narrow operand of a DSP
/// slice.
struct ReciprocalRoot {
  ap_uint<17> root;
  ap_uint<5> half_exponent;
};

inline ReciprocalRoot rsqrt(ap_uint<64> u) {
  const Normalised n = normalise(u);
  const ap_uint<18> window = ap_uint<18>(n.mantissa >> 45);
  const ap_uint<7> index = ap_uint<7>((ap_uint<7>(n.exponent & 1) << 6) | (window >> 12));
  const ap_uint<12> fraction = ap_uint<12>(window);
  const Segment segment = rsqrt_segment(index);
  const ap_int<33> drop = -segment.slope * ap_int<13>(fraction);
  ReciprocalRoot r;
  r.root = ap_uint<17>(segment.base - ((drop + 2048) >> 12));
  r.half_exponent = ap_uint<5>(n.exponent >> 1);
  return r;
}

/// 1/S = value * 2^-(17 + 2 half_exponent), S >= 1.
struct Reciprocal {
  ap_uint<17> value;
  ap_uint<5> half_exponent;
};

inline Reciprocal reciprocal(ap_uint<24> sum) {
  const ReciprocalRoot r = rsqrt(ap_uint<64>(sum));
  const ap_uint<34> square = r.root * r.root + 65536;
  Reciprocal q;
  q.value = ap_uint<17>(square >> 17);
  q.half_exponent = r.half_exponent;
  return q;
}

}  // namespace edgemoe
