// SPDX-License-Identifier: Apache-2.0
// ap_fixed<W, I, Q, O> and ap_ufixed: fixed-point numbers of W bits, I of them before the binary point, with
// the quantisation and overflow modes of Vitis HLS. The raw value V stands for V * 2^-(W - I).
#pragma once
#include "ap_int.h"

enum ap_q_mode {
  AP_RND,          // half towards plus infinity
  AP_RND_ZERO,     // half towards zero
  AP_RND_MIN_INF,  // half towards minus infinity
  AP_RND_INF,      // half away from zero
  AP_RND_CONV,     // half to even
  AP_TRN,          // towards minus infinity
  AP_TRN_ZERO      // towards zero
};
enum ap_o_mode {
  AP_SAT,       // to the nearest end of the range
  AP_SAT_ZERO,  // to zero
  AP_SAT_SYM,   // to the nearest end, the most negative number excluded
  AP_WRAP       // modulo 2^W
};

template <int W, int I, bool S, ap_q_mode Q = AP_TRN, ap_o_mode O = AP_WRAP>
struct ap_fixed_base;
template <int W, int I, ap_q_mode Q = AP_TRN, ap_o_mode O = AP_WRAP>
using ap_fixed = ap_fixed_base<W, I, true, Q, O>;
template <int W, int I, ap_q_mode Q = AP_TRN, ap_o_mode O = AP_WRAP>
using ap_ufixed = ap_fixed_base<W, I, false, Q, O>;

#include "detail/fixed_convert.h"
#include "detail/fixed_refs.h"

template <int W_, int I_, bool S_, ap_q_mode Q, ap_o_mode O>
struct ap_fixed_base {
  static constexpr int width = W_;
  static constexpr int iwidth = I_;
  static constexpr int fraction = W_ - I_;
  static constexpr bool sign = S_;
  using raw_type = hlsd::raw<W_, S_>;
  raw_type V;

  // Whether a constant is among the values, or is meant to be the largest or the least of them.
  template <class T>
  static constexpr bool holds(const T& x) {
    if constexpr (hlsd::builtin_integer<T> && I_ > 0 && O == AP_WRAP) return hlsd::fits<I_, S_>(x);
    return true;
  }

  ap_fixed_base() = default;
  template <hlsd::fixed_or_integer T>
  HLS_INLINE ap_fixed_base(const T& x) HLS_TELL((!holds(x)), HLS_LOSES_BITS) : V(convert(x)) {}
  template <hlsd::builtin_float T>
  HLS_INLINE ap_fixed_base(T x) : V(hlsd::fixed_from_double<W_, I_, S_, Q, O>(x)) {}
  template <hlsd::fixed_or_integer T>
  HLS_INLINE ap_fixed_base& operator=(const T& x) {
    V = convert(x);
    return *this;
  }
  static HLS_INLINE ap_fixed_base from_raw(raw_type x) {
    ap_fixed_base r{};
    r.V = x;
    return r;
  }

  HLS_INLINE ap_int_base<W_, S_> bits() const { return ap_int_base<W_, S_>::from_raw(V); }
  // Parts. What is no variable gives its bits as a constant: nothing can be assigned to them.
  HLS_INLINE int length() const { return W_; }
  HLS_INLINE const ap_uint<W_> range() const { return bits(); }
  HLS_INLINE const ap_uint<W_> range(int hi, int lo) const HLS_TELL_BIT(lo, W_) HLS_TELL_BIT(hi, W_) {
    return bits().range(hi, lo);
  }
  HLS_INLINE const ap_uint<W_> operator()(int hi, int lo) const HLS_TELL_BIT(lo, W_) HLS_TELL_BIT(hi, W_) {
    return range(hi, lo);
  }
  HLS_INLINE bool operator[](int i) const HLS_TELL_BIT(i, W_) { return bits().get_bit(i); }
  HLS_INLINE ap_fixed_range_ref<ap_fixed_base> range() { return {*this, W_ - 1, 0}; }
  HLS_INLINE ap_fixed_range_ref<ap_fixed_base> range(int hi, int lo) HLS_TELL_BIT(lo, W_)
      HLS_TELL_BIT(hi, W_) {
    return {*this, hi, lo};
  }
  HLS_INLINE ap_fixed_range_ref<ap_fixed_base> operator()(int hi, int lo) HLS_TELL_BIT(lo, W_)
      HLS_TELL_BIT(hi, W_) {
    return {*this, hi, lo};
  }
  HLS_INLINE ap_fixed_bit_ref<ap_fixed_base> operator[](int i) HLS_TELL_BIT(i, W_) { return {*this, i}; }
  template <hlsd::integer T>
  HLS_INLINE void set_range(const T& x) {
    V = hlsd::wrap<W_, S_>(hlsd::operand<T>::get(x));
  }

  // To an integer: towards zero, modulo its width.
  template <int W2, bool S2>
  HLS_INLINE operator ap_int_base<W2, S2>() const {
    return ap_fixed_base<(I_ > 0 ? I_ : 1) + 1, (I_ > 0 ? I_ : 1) + 1, true, AP_TRN_ZERO, AP_WRAP>(*this)
        .bits();
  }
  HLS_INLINE int to_int() const { return ap_int<32>(*this).to_int(); }
  HLS_INLINE long long to_int64() const { return ap_int<64>(*this).to_int64(); }
  HLS_INLINE explicit operator bool() const { return V != 0; }
  HLS_INLINE bool operator!() const { return V == 0; }
  double to_double() const {  // up to 64 bits; not for hardware
    double x = static_cast<double>(static_cast<long long>(V));
    for (int i = 0; i < fraction; i++)
      x /= 2;
    for (int i = 0; i < -fraction; i++)
      x *= 2;
    return x;
  }

  HLS_INLINE ap_fixed_base operator+() const { return *this; }
  HLS_INLINE auto operator-() const {
    using R = ap_fixed<W_ + 1, I_ + 1>;
    return R::from_raw(
        static_cast<typename R::raw_type>(typename R::raw_type(0) - static_cast<typename R::raw_type>(V)));
  }
  HLS_INLINE ap_fixed_base operator<<(int n) const { return from_raw((bits() << n).V); }
  HLS_INLINE ap_fixed_base operator>>(int n) const { return from_raw((bits() >> n).V); }
  template <hlsd::fixed_or_integer T>
  HLS_INLINE ap_fixed_base& operator+=(const T& x) {
    return *this = *this + x;
  }
  template <hlsd::fixed_or_integer T>
  HLS_INLINE ap_fixed_base& operator-=(const T& x) {
    return *this = *this - x;
  }
  template <hlsd::fixed_or_integer T>
  HLS_INLINE ap_fixed_base& operator*=(const T& x) {
    return *this = *this * x;
  }
  template <hlsd::fixed_or_integer T>
  HLS_INLINE ap_fixed_base& operator/=(const T& x) {
    return *this = *this / x;
  }

 private:
  template <class T>
  static HLS_INLINE raw_type convert(const T& x) {
    using A = hlsd::fixed_operand<T>;
    return hlsd::convert_fixed<W_, I_, S_, Q, O, A::width, A::iwidth, A::sign>(A::get(x));
  }
};

#include "detail/fixed_operators.h"
#include "detail/pack.h"

namespace hlsd {
template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O>
struct pack<ap_fixed_base<W, I, S, Q, O>> {
  static constexpr int width = W;
  using type = hlsd::bits<W>;
  static HLS_INLINE type to(const ap_fixed_base<W, I, S, Q, O>& x) { return static_cast<type>(x.V); }
  static HLS_INLINE ap_fixed_base<W, I, S, Q, O> from(type b) {
    return ap_fixed_base<W, I, S, Q, O>::from_raw(wrap<W, S>(b));
  }
};
}  // namespace hlsd
