// SPDX-License-Identifier: Apache-2.0
// Binary operators of fixed-point numbers; the result format holds every bit, except for a division, which
// keeps the dividend's fraction.
#pragma once

namespace hlsd {

template <class A, class B>
concept mixed_fixed =
    fixed_or_integer<A> && fixed_or_integer<B> && (fixed_operand<A>::is_fixed || fixed_operand<B>::is_fixed);

template <class A, class B>
struct fixed_result {
  using L = fixed_operand<A>;
  using R = fixed_operand<B>;
  static constexpr bool sign = L::sign || R::sign;
  static constexpr int lf = L::width - L::iwidth;
  static constexpr int rf = R::width - R::iwidth;
  static constexpr int fraction = larger(lf, rf);
  static constexpr int integer_bits =
      larger(L::iwidth + (R::sign && !L::sign ? 1 : 0), R::iwidth + (L::sign && !R::sign ? 1 : 0));
  static constexpr int sum = integer_bits + 1 + fraction;
  static constexpr int product = L::width + R::width;
  static constexpr int product_integer = L::iwidth + R::iwidth;
  static constexpr int quotient = (R::sign ? 1 : 0) + L::width + larger(rf, 0);
  static constexpr int quotient_integer = (R::sign ? 1 : 0) + L::iwidth + rf;

  // Both raw values at the larger fraction, in a signed integer that holds them.
  using aligned = signed _BitInt(larger(integer_bits, 1) + fraction + larger(-fraction, 0) + 3);
  static HLS_INLINE aligned left(const A& a) {
    return static_cast<aligned>(aligned(L::get(a)) << (fraction - lf));
  }
  static HLS_INLINE aligned right(const B& b) {
    return static_cast<aligned>(aligned(R::get(b)) << (fraction - rf));
  }
};

}  // namespace hlsd

template <class A, class B>
  requires hlsd::mixed_fixed<A, B>
HLS_INLINE auto operator+(const A& a, const B& b) {
  using F = hlsd::fixed_result<A, B>;
  using R = ap_fixed_base<F::sum, F::integer_bits + 1, F::sign>;
  return R::from_raw(hlsd::wrap<F::sum, F::sign>(F::left(a) + F::right(b)));
}
template <class A, class B>
  requires hlsd::mixed_fixed<A, B>
HLS_INLINE auto operator-(const A& a, const B& b) {
  using F = hlsd::fixed_result<A, B>;
  using R = ap_fixed_base<F::sum, F::integer_bits + 1, true>;
  return R::from_raw(hlsd::wrap<F::sum, true>(F::left(a) - F::right(b)));
}
template <class A, class B>
  requires hlsd::mixed_fixed<A, B>
HLS_INLINE auto operator*(const A& a, const B& b) {
  using F = hlsd::fixed_result<A, B>;
  using R = ap_fixed_base<F::product, F::product_integer, F::sign>;
  using T = hlsd::raw<F::product + 2, true>;
  return R::from_raw(hlsd::wrap<F::product, F::sign>(T(F::L::get(a)) * T(F::R::get(b))));
}
template <class A, class B>
  requires hlsd::mixed_fixed<A, B>
HLS_INLINE auto operator/(const A& a, const B& b) {
  using F = hlsd::fixed_result<A, B>;
  using R = ap_fixed_base<F::quotient, F::quotient_integer, F::sign>;
  using T = hlsd::raw<hlsd::larger(F::L::width + hlsd::larger(F::rf, 0), F::R::width) + 2, true>;
  hlsd::check(F::R::get(b) != 0, "ap_fixed: division by zero");
  const T dividend = static_cast<T>(T(F::L::get(a)) << hlsd::larger(F::rf, 0));
  return R::from_raw(hlsd::wrap<F::quotient, F::sign>(dividend / T(F::R::get(b))));
}

template <class A, class B>
  requires hlsd::mixed_fixed<A, B>
HLS_INLINE bool operator==(const A& a, const B& b) {
  using F = hlsd::fixed_result<A, B>;
  return F::left(a) == F::right(b);
}
template <class A, class B>
  requires hlsd::mixed_fixed<A, B>
HLS_INLINE bool operator!=(const A& a, const B& b) {
  using F = hlsd::fixed_result<A, B>;
  return F::left(a) != F::right(b);
}
template <class A, class B>
  requires hlsd::mixed_fixed<A, B>
HLS_INLINE bool operator<(const A& a, const B& b) {
  using F = hlsd::fixed_result<A, B>;
  return F::left(a) < F::right(b);
}
template <class A, class B>
  requires hlsd::mixed_fixed<A, B>
HLS_INLINE bool operator<=(const A& a, const B& b) {
  using F = hlsd::fixed_result<A, B>;
  return F::left(a) <= F::right(b);
}
template <class A, class B>
  requires hlsd::mixed_fixed<A, B>
HLS_INLINE bool operator>(const A& a, const B& b) {
  using F = hlsd::fixed_result<A, B>;
  return F::left(a) > F::right(b);
}
template <class A, class B>
  requires hlsd::mixed_fixed<A, B>
HLS_INLINE bool operator>=(const A& a, const B& b) {
  using F = hlsd::fixed_result<A, B>;
  return F::left(a) >= F::right(b);
}
