// SPDX-License-Identifier: Apache-2.0
// hls::dsp48e2: a multiplication and an addition that are to be one DSP48 slice, under Vitis HLS' own names:
//
//     constexpr auto kFirst = REG_A1 | REG_B1 | REG_M | REG_C | REG_P;
//     constexpr auto kNext = REG_A1 | REG_B1 | REG_M | REG_P;
//     C_t sum = mul_add<kFirst>(a[0], b[0], start);  // start + a[0] * b[0]
//     for (int k = 1; k < 8; k++)                     // unrolled
//       sum = cascade<kNext>().mul_add(a[k], b[k], sum).pcout;
//
// Eight slices, one above the other: each takes its operands a cycle after the one below it and adds the sum
// of that one, which comes by the wire between the two (PCOUT to PCIN) and passes no logic and no other
// register. Where the sum of one slice is not the only thing that the next waits for, or what is added comes
// from elsewhere, it is delayed and goes through the port C; the result is the same.
//
// Built are one register each for A, B, M and P; port C has its register always. The rest of the vendor's
// header is refused.
#pragma once
#include "ap_int.h"

namespace hls::dsp48e2 {

using A_t = ap_int<27>;
using B_t = ap_int<18>;
using C_t = ap_int<48>;
using D_t = ap_int<27>;

// Registers of a slice; a template argument says which of them are used.
constexpr long NO_REG = 0x000;
constexpr long REG_A1 = 0x001;
constexpr long REG_A2 = 0x002;
constexpr long REG_B1 = 0x004;
constexpr long REG_B2 = 0x008;
constexpr long REG_D = 0x010;
constexpr long REG_AD = 0x020;
constexpr long REG_M = 0x040;
constexpr long REG_C = 0x080;
constexpr long REG_P = 0x100;

// What leaves a slice for the one above it.
struct R_t {
  A_t acout;
  B_t bcout;
  C_t pcout;
};

}  // namespace hls::dsp48e2

namespace hlsd {

constexpr bool slice_registers(long flags) {
  using namespace hls::dsp48e2;
  const long a = flags & (REG_A1 | REG_A2), b = flags & (REG_B1 | REG_B2);
  const bool one_each = (a == REG_A1 || a == REG_A2) && (b == REG_B1 || b == REG_B2);
  return one_each && (flags & ~(REG_A1 | REG_A2 | REG_B1 | REG_B2 | REG_C)) == (REG_M | REG_P);
}

HLS_VANISHES inline hls::dsp48e2::C_t mul_add(hls::dsp48e2::A_t a, hls::dsp48e2::B_t b, hls::dsp48e2::C_t c) {
#ifdef __HLS_SYNTH__
  return hls::dsp48e2::C_t::from_raw(__hls_mul_add(a.V, b.V, c.V));
#else
  return a * b + c;
#endif
}

}  // namespace hlsd

namespace hls::dsp48e2 {

template <long flags>
HLS_INLINE C_t mul_add(A_t a, B_t b, C_t c) {
  static_assert(
      hlsd::slice_registers(flags),
      "a DSP slice is built with one register each for A, B, M and P: give REG_A1 | REG_B1 | REG_M | "
      "REG_P, with REG_C or without");
  return hlsd::mul_add(a, b, c);
}

template <long flags>
class cascade {
  static_assert(hlsd::slice_registers(flags) && !(flags & REG_C),
                "a cascade of DSP slices is built with one register each for A, B, M and P: give REG_A1 | "
                "REG_B1 | REG_M | REG_P");

 public:
  HLS_INLINE R_t mul_add(A_t a, B_t b, C_t c) const { return {a, b, hlsd::mul_add(a, b, c)}; }
};

// The vendor's other operations.
#define HLS_NOT_BUILT(name, ...)                                                       \
  template <long flags>                                                                \
  C_t name(__VA_ARGS__) {                                                              \
    static_assert(flags < 0, "hls::dsp48e2::" #name                                    \
                             " is not built; there are mul_add and cascade, or write " \
                             "the expression");                                        \
    return 0;                                                                          \
  }
HLS_NOT_BUILT(mul_sub, A_t, B_t, C_t)
HLS_NOT_BUILT(mul_rev_sub, A_t, B_t, C_t)
HLS_NOT_BUILT(add_mul_add, D_t, A_t, B_t, C_t)
HLS_NOT_BUILT(add_mul_sub, D_t, A_t, B_t, C_t)
HLS_NOT_BUILT(sub_mul_add, D_t, A_t, B_t, C_t)
HLS_NOT_BUILT(sub_mul_sub, D_t, A_t, B_t, C_t)
HLS_NOT_BUILT(add_mul_rev_sub, D_t, A_t, B_t, C_t)
HLS_NOT_BUILT(sub_mul_rev_sub, D_t, A_t, B_t, C_t)
#undef HLS_NOT_BUILT
template <long flags>
class acc {
  static_assert(flags < 0, "hls::dsp48e2::acc is not built; keep the sum in a variable and add with mul_add");
};

}  // namespace hls::dsp48e2
