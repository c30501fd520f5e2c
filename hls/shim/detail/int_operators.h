// SPDX-License-Identifier: Apache-2.0
// Binary operators of ap_int and ap_uint, one template each: either side may be a built-in integer, a bit or
// a range.
#pragma once

namespace hlsd {

// Both operands at W bits, combined by f in that width.
template <int W, bool S, class A, class B, class F>
HLS_INLINE ap_int_base<W, S> combine(const A& a, const B& b, F f) {
  using R = raw<W, S>;
  return ap_int_base<W, S>::from_raw(
      wrap<W, S>(f(static_cast<R>(operand<A>::get(a)), static_cast<R>(operand<B>::get(b)))));
}

template <class A, class B, class F>
HLS_INLINE bool compare(const A& a, const B& b, F f) {
  using R = result_of<A, B>;
  using T = raw<larger(R::logic, 2), R::sign>;
  return f(static_cast<T>(operand<A>::get(a)), static_cast<T>(operand<B>::get(b)));
}

template <int W, bool S>
HLS_INLINE ap_int_base<W, S> shift_left(ap_int_base<W, S> x, unsigned n) {
  check(n < W, "ap_int: shift by the width or more");
  return n < unsigned(W) ? ap_int_base<W, S>::from_raw(wrap<W, S>(x.V << n)) : ap_int_base<W, S>(0);
}
template <int W, bool S>
HLS_INLINE ap_int_base<W, S> shift_right(ap_int_base<W, S> x, unsigned n) {
  check(n < W, "ap_int: shift by the width or more");
  return ap_int_base<W, S>::from_raw(n < unsigned(W) ? static_cast<raw<W, S>>(x.V >> n)
                                                     : wrap<W, S>(S && x.V < 0 ? -1 : 0));
}

// A shift by a signed amount turns round when the amount is negative.
template <class N>
HLS_INLINE bool negative(const N& n) {
  if constexpr (operand<N>::sign) return operand<N>::get(n) < 0;
  return false;
}
template <class N>
HLS_INLINE unsigned magnitude(const N& n) {
  const auto x = operand<N>::get(n);
  if constexpr (operand<N>::sign) {
    if (x < 0) return static_cast<unsigned>(0) - static_cast<unsigned>(x);
  }
  return static_cast<unsigned>(x);
}

}  // namespace hlsd

template <class A, class B>
  requires hlsd::mixed<A, B>
HLS_INLINE auto operator+(const A& a, const B& b) {
  using R = hlsd::result_of<A, B>;
  return hlsd::combine<R::sum, R::sign>(a, b, [](auto x, auto y) HLS_VANISHES { return x + y; });
}
template <class A, class B>
  requires hlsd::mixed<A, B>
HLS_INLINE auto operator-(const A& a, const B& b) {
  using R = hlsd::result_of<A, B>;
  return hlsd::combine<R::sum, true>(a, b, [](auto x, auto y) HLS_VANISHES { return x - y; });
}
template <class A, class B>
  requires hlsd::mixed<A, B>
HLS_INLINE auto operator*(const A& a, const B& b) {
  using R = hlsd::result_of<A, B>;
  return hlsd::combine<R::product, R::sign>(a, b, [](auto x, auto y) HLS_VANISHES { return x * y; });
}
template <class A, class B>
  requires hlsd::mixed<A, B>
HLS_INLINE auto operator/(const A& a, const B& b) HLS_TELL_ZERO(b) {
  using R = hlsd::result_of<A, B>;
  hlsd::check(hlsd::operand<B>::get(b) != 0, "ap_int: division by zero");
  return ap_int_base<R::quotient, R::sign>(
      hlsd::combine<R::sum, R::sign>(a, b, [](auto x, auto y) HLS_VANISHES { return x / y; }));
}
template <class A, class B>
  requires hlsd::mixed<A, B>
HLS_INLINE auto operator%(const A& a, const B& b) HLS_TELL_ZERO(b) {
  using R = hlsd::result_of<A, B>;
  hlsd::check(hlsd::operand<B>::get(b) != 0, "ap_int: remainder of a division by zero");
  return ap_int_base<R::remainder, hlsd::operand<A>::sign>(
      hlsd::combine<R::sum, R::sign>(a, b, [](auto x, auto y) HLS_VANISHES { return x % y; }));
}
template <class A, class B>
  requires hlsd::mixed<A, B>
HLS_INLINE auto operator&(const A& a, const B& b) {
  using R = hlsd::result_of<A, B>;
  return hlsd::combine<R::logic, R::sign>(a, b, [](auto x, auto y) HLS_VANISHES { return x & y; });
}
template <class A, class B>
  requires hlsd::mixed<A, B>
HLS_INLINE auto operator|(const A& a, const B& b) {
  using R = hlsd::result_of<A, B>;
  return hlsd::combine<R::logic, R::sign>(a, b, [](auto x, auto y) HLS_VANISHES { return x | y; });
}
template <class A, class B>
  requires hlsd::mixed<A, B>
HLS_INLINE auto operator^(const A& a, const B& b) {
  using R = hlsd::result_of<A, B>;
  return hlsd::combine<R::logic, R::sign>(a, b, [](auto x, auto y) HLS_VANISHES { return x ^ y; });
}

template <int W, bool S, hlsd::integer N>
HLS_INLINE ap_int_base<W, S> operator<<(const ap_int_base<W, S>& x, const N& n)
    HLS_TELL((hlsd::too_far<W>(n)), "a shift by the width or more leaves none of the bits") {
  if (hlsd::negative(n)) return hlsd::shift_right(x, hlsd::magnitude(n));
  return hlsd::shift_left(x, hlsd::magnitude(n));
}
template <int W, bool S, hlsd::integer N>
HLS_INLINE ap_int_base<W, S> operator>>(const ap_int_base<W, S>& x, const N& n)
    HLS_TELL((hlsd::too_far<W>(n)), "a shift by the width or more leaves none of the bits") {
  if (hlsd::negative(n)) return hlsd::shift_left(x, hlsd::magnitude(n));
  return hlsd::shift_right(x, hlsd::magnitude(n));
}

template <class A, class B>
  requires hlsd::mixed<A, B>
HLS_INLINE bool operator==(const A& a, const B& b) HLS_TELL_SETTLED(A, b, false, true) {
  return hlsd::compare(a, b, [](auto x, auto y) HLS_VANISHES { return x == y; });
}
template <class A, class B>
  requires hlsd::mixed<A, B>
HLS_INLINE bool operator!=(const A& a, const B& b) HLS_TELL_SETTLED(A, b, false, true) {
  return hlsd::compare(a, b, [](auto x, auto y) HLS_VANISHES { return x != y; });
}
template <class A, class B>
  requires hlsd::mixed<A, B>
HLS_INLINE bool operator<(const A& a, const B& b) HLS_TELL_SETTLED(A, b, true, false) {
  return hlsd::compare(a, b, [](auto x, auto y) HLS_VANISHES { return x < y; });
}
template <class A, class B>
  requires hlsd::mixed<A, B>
HLS_INLINE bool operator<=(const A& a, const B& b) HLS_TELL_SETTLED(A, b, false, false) {
  return hlsd::compare(a, b, [](auto x, auto y) HLS_VANISHES { return x <= y; });
}
template <class A, class B>
  requires hlsd::mixed<A, B>
HLS_INLINE bool operator>(const A& a, const B& b) HLS_TELL_SETTLED(A, b, false, false) {
  return hlsd::compare(a, b, [](auto x, auto y) HLS_VANISHES { return x > y; });
}
template <class A, class B>
  requires hlsd::mixed<A, B>
HLS_INLINE bool operator>=(const A& a, const B& b) HLS_TELL_SETTLED(A, b, true, false) {
  return hlsd::compare(a, b, [](auto x, auto y) HLS_VANISHES { return x >= y; });
}
