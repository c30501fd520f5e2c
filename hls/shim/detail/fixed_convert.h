// SPDX-License-Identifier: Apache-2.0
// Conversion between fixed-point formats: quantise exactly, then deal with overflow.
#pragma once

namespace hlsd {

// Any number in a fixed-point expression: its format and its raw value. An integer has no fraction.
template <class T>
struct fixed_operand {
  static constexpr bool ok = operand<T>::ok;
  static constexpr bool is_fixed = false;
  static constexpr int width = operand<T>::width;
  static constexpr int iwidth = operand<T>::width;
  static constexpr bool sign = operand<T>::sign;
  static HLS_INLINE raw<width, sign> get(const T& x) { return operand<T>::get(x); }
};
template <class T>
  requires(!operand<T>::ok)
struct fixed_operand<T> {
  static constexpr bool ok = false;
  static constexpr bool is_fixed = false;
};
template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O>
struct fixed_operand<ap_fixed_base<W, I, S, Q, O>> {
  static constexpr bool ok = true;
  static constexpr bool is_fixed = true;
  static constexpr int width = W;
  static constexpr int iwidth = I;
  static constexpr bool sign = S;
  static HLS_INLINE raw<W, S> get(const ap_fixed_base<W, I, S, Q, O>& x) { return x.V; }
};
template <class T>
concept fixed_or_integer = fixed_operand<T>::ok;

// Whether dropping bits adds one to the floor. `half` is the first bit dropped, `rest` says whether any bit
// below it is set, `odd` is the last bit kept.
template <ap_q_mode Q>
HLS_INLINE bool rounds_up(bool half, bool rest, bool negative, bool odd) {
  if constexpr (Q == AP_RND) return half;
  if constexpr (Q == AP_RND_ZERO) return half && (negative || rest);
  if constexpr (Q == AP_RND_MIN_INF) return half && rest;
  if constexpr (Q == AP_RND_INF) return half && (!negative || rest);
  if constexpr (Q == AP_RND_CONV) return half && (odd || rest);
  if constexpr (Q == AP_TRN_ZERO) return negative && (half || rest);
  return false;
}

// x * 2^-drop rounded to an integer, for a signed x that holds every bit.
template <ap_q_mode Q, class T>
HLS_INLINE T quantise(T x, int drop) {
  const T floor = static_cast<T>(x >> drop);
  if constexpr (Q == AP_TRN) return floor;
  const bool half = (x >> (drop - 1)) & 1;
  const T below = static_cast<T>(static_cast<T>(T(1) << (drop - 1)) - 1);
  const bool rest = (x & below) != 0;
  return static_cast<T>(floor + rounds_up<Q>(half, rest, x < 0, floor & 1));
}

// A signed integer of any size into W bits.
template <int W, bool S, ap_o_mode O, class T>
HLS_INLINE raw<W, S> overflow(T x) {
  if constexpr (O == AP_WRAP) return wrap<W, S>(x);
  const T most = static_cast<T>((T(1) << (S ? W - 1 : W)) - 1);
  const T least = S ? static_cast<T>(O == AP_SAT_SYM ? -most : -most - 1) : T(0);
  if (x > most) return wrap<W, S>(O == AP_SAT_ZERO ? T(0) : most);
  if (x < least) return wrap<W, S>(O == AP_SAT_ZERO ? T(0) : least);
  return wrap<W, S>(x);
}

template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int W2, int I2, bool S2>
HLS_INLINE raw<W, S> convert_fixed(raw<W2, S2> x) {
  constexpr int drop = (W2 - I2) - (W - I);  // fraction bits too many
  constexpr int wide = larger(larger(W2, drop) + larger(-drop, 0), W) + 3;
  using T = signed _BitInt(wide);
  if constexpr (drop > 0) return overflow<W, S, O>(quantise<Q>(static_cast<T>(x), drop));
  return overflow<W, S, O>(static_cast<T>(static_cast<T>(x) << -drop));
}

// A double is an integer of 53 bits times a power of two.
template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O>
HLS_INLINE raw<W, S> fixed_from_double(double x) {
  const unsigned long long b = __builtin_bit_cast(unsigned long long, x);
  const int exponent = int((b >> 52) & 2047);
  const long long fraction = static_cast<long long>(b & ((1ull << 52) - 1));
  const long long magnitude = exponent ? fraction | (1ll << 52) : fraction;
  using T = signed _BitInt(W + 128);
  const T m = (b >> 63) ? -magnitude : magnitude;
  const int drop = (exponent ? 1075 - exponent : 1074) - (W - I);
  if (drop > 0) return overflow<W, S, O>(quantise<Q>(m, drop > 62 ? 62 : drop));
  return overflow<W, S, O>(static_cast<T>(m << (-drop > W + 1 ? W + 1 : -drop)));
}

}  // namespace hlsd
