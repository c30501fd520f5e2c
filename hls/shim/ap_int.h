// SPDX-License-Identifier: Apache-2.0
// ap_int<W> and ap_uint<W>: integers of exactly W bits (1 to 4096) with the names and meaning of Vitis HLS,
// on top of clang's _BitInt. One header serves the native build and the compiler: it holds no intrinsic at
// all.
//
// Two deliberate differences from the vendor's simulation header: comparisons and divisions of mixed sign
// work on values (there they follow the promotions of C), and conversion to a built-in integer is explicit
// above 64 bits.
#pragma once
#include "detail/bits.h"
#include "detail/check.h"
#include "hls_intrinsics.h"

template <int W, bool S>
struct ap_int_base;
template <int W>
using ap_int = ap_int_base<W, true>;
template <int W>
using ap_uint = ap_int_base<W, false>;
template <int W, bool S>
struct ap_bit_ref;
template <int W, bool S>
struct ap_range_ref;

namespace hlsd {
template <int W, bool S>
struct operand<ap_int_base<W, S>> {
  static constexpr bool ok = true;
  static constexpr bool sign = S;
  static constexpr int width = W;
  static HLS_INLINE raw<W, S> get(const ap_int_base<W, S>& x) { return x.V; }
};
template <class T>
inline constexpr bool is_class_integer = operand<T>::ok && !builtin_integer<T>;
// What a constant argument gives away while the program is read; in the native build, too. A value that is
// not constant says nothing.
template <int W, bool S, class T>
constexpr bool fits(const T& x) {
  if constexpr (S) {
    if (W >= 64) return true;
    return __int128(x) >= -(__int128(1) << (W - 1)) && __int128(x) < (__int128(1) << (W - 1));
  } else {
    return __int128(x) >= 0 && (W >= 64 || __int128(x) < (__int128(1) << (W < 64 ? W : 0)));
  }
}
template <class N>
constexpr bool nothing(const N& n) {
  if constexpr (builtin_integer<N>) return n == 0;
  return false;
}
template <int W, class N>
constexpr bool too_far(const N& n) {
  if constexpr (builtin_integer<N>) return __int128(n) >= W || __int128(n) <= -W;
  return false;
}
// Whether a comparison with a constant has the same result for all values of the type; `below`: of x < b or x
// >= b.
template <class A, class B>
constexpr bool settled(const B& b, bool below, bool equal) {
  if constexpr (is_class_integer<A> && builtin_integer<B> && operand<A>::width < 64) {
    constexpr int W = operand<A>::width;
    constexpr __int128 least = operand<A>::sign ? -(__int128(1) << (W - 1)) : 0;
    constexpr __int128 most = (__int128(1) << (operand<A>::sign ? W - 1 : W)) - 1;
    if (equal) return __int128(b) < least || __int128(b) > most;
    return below ? __int128(b) <= least || __int128(b) > most : __int128(b) < least || __int128(b) >= most;
  }
  return false;
}
#define HLS_TELL(condition, what) __attribute__((diagnose_if(condition, what, "warning")))
#define HLS_LOSES_BITS "this constant is not among the values of its type, and loses bits"
#define HLS_TELL_SETTLED(A, b, below, equal)    \
  HLS_TELL((hlsd::settled<A>(b, below, equal)), \
           "this comparison has the same result for all values of its type")
#define HLS_TELL_ZERO(b) HLS_TELL((hlsd::nothing(b)), "the result of a division by zero is not defined")
#define HLS_TELL_BIT(i, width) HLS_TELL((i) < 0 || (i) >= (width), "this bit is outside the value")

// At least one side is one of our classes; the other may be built in.
template <class A, class B>
concept mixed = integer<A> && integer<B> && (is_class_integer<A> || is_class_integer<B>);
}  // namespace hlsd

template <int W_, bool S_>
struct ap_int_base {
  static constexpr int width = W_;
  static constexpr bool sign = S_;
  using raw_type = hlsd::raw<W_, S_>;
  raw_type V;

  ap_int_base() = default;
  template <hlsd::integer T>
    requires hlsd::builtin_integer<T>
  HLS_INLINE ap_int_base(const T& x) HLS_TELL((!hlsd::fits<W_, S_>(x)), HLS_LOSES_BITS)
      : V(hlsd::wrap<W_, S_>(x)) {}
  template <hlsd::integer T>
  HLS_INLINE ap_int_base(const T& x) : V(hlsd::wrap<W_, S_>(hlsd::operand<T>::get(x))) {}
  template <hlsd::builtin_float T>
  HLS_INLINE ap_int_base(T x) : V(hlsd::wrap<W_, S_>(static_cast<long long>(x))) {}
  static HLS_INLINE ap_int_base from_raw(raw_type x) {
    ap_int_base r{};
    r.V = x;
    return r;
  }

  template <hlsd::integer T>
    requires hlsd::builtin_integer<T>
  HLS_INLINE ap_int_base& operator=(const T& x) HLS_TELL((!hlsd::fits<W_, S_>(x)), HLS_LOSES_BITS) {
    V = hlsd::wrap<W_, S_>(hlsd::operand<T>::get(x));
    return *this;
  }
  template <hlsd::integer T>
  HLS_INLINE ap_int_base& operator=(const T& x) {
    V = hlsd::wrap<W_, S_>(hlsd::operand<T>::get(x));
    return *this;
  }

  // To built-in integers: implicit up to 64 bits, so that a value may index an array or steer a switch.
  HLS_INLINE explicit(W_ > 64) operator hlsd::builtin<W_, S_>() const {
    return static_cast<hlsd::builtin<W_, S_>>(V);
  }
  HLS_INLINE explicit operator bool() const { return V != 0; }
  HLS_INLINE bool to_bool() const { return V != 0; }
  HLS_INLINE int to_int() const { return static_cast<int>(V); }
  HLS_INLINE unsigned to_uint() const { return static_cast<unsigned>(V); }
  HLS_INLINE long to_long() const { return static_cast<long>(V); }
  HLS_INLINE unsigned long to_ulong() const { return static_cast<unsigned long>(V); }
  HLS_INLINE long long to_int64() const { return static_cast<long long>(V); }
  HLS_INLINE unsigned long long to_uint64() const { return static_cast<unsigned long long>(V); }

  // Parts.
  HLS_INLINE int length() const { return W_; }
  HLS_INLINE bool sign_bit() const { return get_bit(W_ - 1); }
  HLS_INLINE bool get_bit(int i) const HLS_TELL_BIT(i, W_) {
    hlsd::check(i >= 0 && i < W_, "ap_int: bit index outside the value");
    return (static_cast<hlsd::bits<W_>>(V) >> i) & 1;
  }
  HLS_INLINE void set_bit(int i, bool x) {
    hlsd::check(i >= 0 && i < W_, "ap_int: bit index outside the value");
    const hlsd::bits<W_> one = static_cast<hlsd::bits<W_>>(hlsd::bits<W_>(1) << i);
    const hlsd::bits<W_> rest = static_cast<hlsd::bits<W_>>(V) & static_cast<hlsd::bits<W_>>(~one);
    V = hlsd::wrap<W_, S_>(static_cast<hlsd::bits<W_>>(rest | (x ? one : hlsd::bits<W_>(0))));
  }
  HLS_INLINE bool test(int i) const { return get_bit(i); }
  HLS_INLINE void set(int i) { set_bit(i, true); }
  HLS_INLINE void clear(int i) { set_bit(i, false); }
  HLS_INLINE void invert(int i) { set_bit(i, !get_bit(i)); }
  HLS_INLINE bool operator[](int i) const HLS_TELL_BIT(i, W_) { return get_bit(i); }
  HLS_INLINE ap_bit_ref<W_, S_> operator[](int i) HLS_TELL_BIT(i, W_) { return {*this, i}; }
  HLS_INLINE ap_range_ref<W_, S_> range(int hi, int lo) HLS_TELL_BIT(lo, W_) HLS_TELL_BIT(hi, W_) {
    return {*this, hi, lo};
  }
  HLS_INLINE ap_range_ref<W_, S_> operator()(int hi, int lo) HLS_TELL_BIT(lo, W_) HLS_TELL_BIT(hi, W_) {
    return {*this, hi, lo};
  }
  HLS_INLINE const ap_uint<W_> range(int hi, int lo) const HLS_TELL_BIT(lo, W_) HLS_TELL_BIT(hi, W_) {
    return ap_range_ref<W_, S_>(const_cast<ap_int_base&>(*this), hi, lo).get();
  }
  HLS_INLINE const ap_uint<W_> operator()(int hi, int lo) const HLS_TELL_BIT(lo, W_) HLS_TELL_BIT(hi, W_) {
    return range(hi, lo);
  }

  // Reductions.
  HLS_INLINE bool and_reduce() const {
    return static_cast<hlsd::bits<W_>>(~static_cast<hlsd::bits<W_>>(V)) == 0;
  }
  HLS_INLINE bool or_reduce() const { return V != 0; }
  HLS_INLINE bool xor_reduce() const {
    bool parity = false;
#pragma clang loop unroll(full)
    for (int i = 0; i < W_; i++)
      parity ^= get_bit(i);
    return parity;
  }
  HLS_INLINE bool nand_reduce() const { return !and_reduce(); }
  HLS_INLINE bool nor_reduce() const { return !or_reduce(); }
  HLS_INLINE bool xnor_reduce() const { return !xor_reduce(); }
  HLS_INLINE int countLeadingZeros() const {
    int zeros = W_;
#pragma clang loop unroll(full)
    for (int i = 0; i < W_; i++) {
      if (get_bit(i)) zeros = W_ - 1 - i;
    }
    return zeros;
  }
  HLS_INLINE ap_int_base& reverse() {
    ap_int_base r = 0;
#pragma clang loop unroll(full)
    for (int i = 0; i < W_; i++)
      r.set_bit(W_ - 1 - i, get_bit(i));
    return *this = r;
  }

  // Unary operators.
  HLS_INLINE ap_int_base operator+() const { return *this; }
  HLS_INLINE auto operator-() const {
    using R = ap_int<hlsd::result<W_, S_, 1, false>::sum>;
    return R(typename R::raw_type(typename R::raw_type(0) - static_cast<typename R::raw_type>(V)), 0);
  }
  HLS_INLINE ap_int_base operator~() const { return from_raw(hlsd::wrap<W_, S_>(~V)); }
  HLS_INLINE bool operator!() const { return V == 0; }
  HLS_INLINE ap_int_base& operator++() { return *this = *this + 1; }
  HLS_INLINE ap_int_base& operator--() { return *this = *this - 1; }
  HLS_INLINE ap_int_base operator++(int) {
    ap_int_base old = *this;
    ++*this;
    return old;
  }
  HLS_INLINE ap_int_base operator--(int) {
    ap_int_base old = *this;
    --*this;
    return old;
  }
  HLS_INLINE ap_int_base(raw_type x, int) : V(x) {}

  template <hlsd::integer T>
  HLS_INLINE ap_int_base& operator+=(const T& x) {
    return *this = *this + x;
  }
  template <hlsd::integer T>
  HLS_INLINE ap_int_base& operator-=(const T& x) {
    return *this = *this - x;
  }
  template <hlsd::integer T>
  HLS_INLINE ap_int_base& operator*=(const T& x) {
    return *this = *this * x;
  }
  template <hlsd::integer T>
  HLS_INLINE ap_int_base& operator/=(const T& x) {
    return *this = *this / x;
  }
  template <hlsd::integer T>
  HLS_INLINE ap_int_base& operator%=(const T& x) {
    return *this = *this % x;
  }
  template <hlsd::integer T>
  HLS_INLINE ap_int_base& operator&=(const T& x) {
    return *this = *this & x;
  }
  template <hlsd::integer T>
  HLS_INLINE ap_int_base& operator|=(const T& x) {
    return *this = *this | x;
  }
  template <hlsd::integer T>
  HLS_INLINE ap_int_base& operator^=(const T& x) {
    return *this = *this ^ x;
  }
  template <hlsd::integer T>
  HLS_INLINE ap_int_base& operator<<=(const T& x) {
    return *this = *this << x;
  }
  template <hlsd::integer T>
  HLS_INLINE ap_int_base& operator>>=(const T& x) {
    return *this = *this >> x;
  }
};

#include "detail/int_operators.h"
#include "detail/int_refs.h"
