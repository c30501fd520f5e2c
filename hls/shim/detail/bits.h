// SPDX-License-Identifier: Apache-2.0
// Raw bit storage and the width rules of the integer types.
#pragma once

// Everything here must vanish before scheduling: a call that survives would be a module of its own. To the
// compiler what is inlined belongs to the line that uses it, so it has no places of its own.
#ifdef __HLS_SYNTH__
#define HLS_VANISHES __attribute__((always_inline, nodebug))
#else
#define HLS_VANISHES __attribute__((always_inline))
#endif
#define HLS_INLINE HLS_VANISHES inline constexpr

namespace hlsd {

constexpr int max_width = 4096;

constexpr int larger(int a, int b) {
  return a > b ? a : b;
}
constexpr int smaller(int a, int b) {
  return a < b ? a : b;
}

// The compiler's integer of exactly W bits. C++ has no signed integer of one bit, so ap_int<1> sits in two
// bits and `wrap` keeps both equal.
template <int W, bool S>
struct storage {
  static_assert(W >= 1 && W <= max_width, "ap_int and ap_uint have 1 to 4096 bits");
  using type = unsigned _BitInt(W);
};
template <int W>
struct storage<W, true> {
  static_assert(W >= 1 && W <= max_width, "ap_int and ap_uint have 1 to 4096 bits");
  using type = signed _BitInt(W);
};
template <>
struct storage<1, true> {
  using type = signed _BitInt(2);
};
template <int W, bool S>
using raw = typename storage<W, S>::type;
template <int W>
using bits = unsigned _BitInt(W);

// Any integer -> W bits, modulo 2^W.
template <int W, bool S, class T>
HLS_INLINE raw<W, S> wrap(T x) {
  if constexpr (W == 1 && S) {
    return static_cast<bits<1>>(x) ? raw<1, true>(-1) : raw<1, true>(0);
  } else {
    return static_cast<raw<W, S>>(x);
  }
}

// The smallest built-in integer that holds W bits, for implicit conversion.
template <int Bytes, bool S>
struct builtin_of_size;
template <>
struct builtin_of_size<1, true> {
  using type = signed char;
};
template <>
struct builtin_of_size<1, false> {
  using type = unsigned char;
};
template <>
struct builtin_of_size<2, true> {
  using type = short;
};
template <>
struct builtin_of_size<2, false> {
  using type = unsigned short;
};
template <>
struct builtin_of_size<4, true> {
  using type = int;
};
template <>
struct builtin_of_size<4, false> {
  using type = unsigned;
};
template <>
struct builtin_of_size<8, true> {
  using type = long long;
};
template <>
struct builtin_of_size<8, false> {
  using type = unsigned long long;
};
template <int W, bool S>
using builtin = typename builtin_of_size<(W <= 8    ? 1
                                          : W <= 16 ? 2
                                          : W <= 32 ? 4
                                                    : 8),
                                         S>::type;

template <class A, class B>
inline constexpr bool same = false;
template <class A>
inline constexpr bool same<A, A> = true;
template <class T, class... Ts>
concept one_of = (same<T, Ts> || ...);
template <class T>
concept builtin_integer = one_of<T, bool, char, signed char, unsigned char, short, unsigned short, int,
                                 unsigned, long, unsigned long, long long, unsigned long long>;
template <class T>
concept builtin_float = one_of<T, float, double>;

template <class T>
struct bare_type {
  using type = T;
};
template <class T>
struct bare_type<T&> {
  using type = T;
};
template <class T>
struct bare_type<const T> {
  using type = T;
};
template <class T>
struct bare_type<const T&> {
  using type = T;
};
template <class T>
struct bare_type<T&&> {
  using type = T;
};
template <class T>
using bare = typename bare_type<T>::type;

// How any integer-like type takes part in an expression: its width, its sign and its raw value.
template <class T>
struct operand {
  static constexpr bool ok = false;
};
template <builtin_integer T>
struct operand<T> {
  static constexpr bool ok = true;
  static constexpr bool sign = T(-1) < T(0);
  static constexpr int width = same<T, bool> ? 1 : int(sizeof(T)) * 8;
  static HLS_INLINE raw<width, sign> get(T x) { return static_cast<raw<width, sign>>(x); }
};
template <class T>
concept integer = operand<T>::ok;

// Result widths of the operators (the rules of the ap_int manual: nothing is lost, a signed result when any
// side is).
template <int W1, bool S1, int W2, bool S2>
struct result {
  static constexpr bool sign = S1 || S2;
  static constexpr int w1 = W1 + (S2 && !S1 ? 1 : 0);  // operands as seen by a signed operator
  static constexpr int w2 = W2 + (S1 && !S2 ? 1 : 0);
  static constexpr int logic = larger(w1, w2);
  static constexpr int sum = logic + 1;
  static constexpr int product = W1 + W2;
  static constexpr int quotient = W1 + (S2 ? 1 : 0);
  static constexpr int remainder = smaller(W1, W2 + (!S2 && S1 ? 1 : 0));
};
template <class A, class B>
using result_of = result<operand<A>::width, operand<A>::sign, operand<B>::width, operand<B>::sign>;

}  // namespace hlsd
