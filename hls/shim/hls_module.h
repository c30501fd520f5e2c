// SPDX-License-Identifier: Apache-2.0
// hls::module<&f>: keep function f as a hardware module of fixed latency, one instance a call site:
//
//     static acc_t dot_body(hls::vector<x_t, 8> x, hls::vector<w_t, 8> w, acc_t s) { ... }
//     constexpr hls::module<&dot_body> dot;      // dot(x, w, s)
//
// f is pure: values in, one value out, no stream, no memory but constants. To the compiler a call is one
// operation. Its arguments travel as their scalar leaves, so no struct crosses the boundary; the body stands
// alone and fetches the leaves by number. Natively it is a plain call.
#pragma once
#include "detail/pack.h"
#include "hls_intrinsics.h"
#ifdef __HLS_SYNTH__

namespace hlsd {

template <int... I>
struct index_list {};
template <class T, T... I>
struct index_sequence {
  using type = index_list<I...>;
};
template <int N>
using indices = typename __make_integer_seq<index_sequence, int, N>::type;

// Leaves of an argument: `count` scalars of one type.
template <class T>
struct leaves {
  static constexpr int count = 1;
  using type = packed<T>;
  template <int I>
  static HLS_INLINE type get(const T& x) {
    return pack<T>::to(x);
  }
  template <int I>
  static HLS_INLINE void put(T& x, type b) {
    x = pack<T>::from(b);
  }
};
template <class T, int N>
struct leaves<hls::vector<T, N>> {
  using lane = leaves<T>;
  static constexpr int count = N * lane::count;
  using type = typename lane::type;
  template <int I>
  static HLS_INLINE type get(const hls::vector<T, N>& x) {
    return lane::template get<I % lane::count>(x.data[I / lane::count]);
  }
  template <int I>
  static HLS_INLINE void put(hls::vector<T, N>& x, type b) {
    lane::template put<I % lane::count>(x.data[I / lane::count], b);
  }
};

// Argument number First of the module's body, put together from its leaves.
template <int First, class T, int... I>
HLS_INLINE T argument(index_list<I...>) {
  T x;
  (leaves<T>::template put<I>(x, __hls_arg<First + I, typename leaves<T>::type>()), ...);
  return x;
}

}  // namespace hlsd

namespace hls {
template <auto F>
struct module;
template <class R, class... P, R (*F)(P...)>
struct module<F> {
  static constexpr int first_leaf(int k) {
    const int counts[] = {hlsd::leaves<hlsd::bare<P>>::count..., 0};
    int sum = 0;
    for (int i = 0; i < k; i++)
      sum += counts[i];
    return sum;
  }
  template <int... K>
  static __attribute__((always_inline)) R run(hlsd::index_list<K...>) {  // F's operations keep their lines
    return F(
        hlsd::argument<first_leaf(K), hlsd::bare<P>>(hlsd::indices<hlsd::leaves<hlsd::bare<P>>::count>())...);
  }
  __attribute__((noinline, used)) static void body() {
    __hls_ret<hlsd::packed<R>>(nullptr, hlsd::pack<R>::to(run(hlsd::indices<int(sizeof...(P))>())));
  }

  // Peels one argument at a time and appends its leaves to the call `f`.
  static HLS_INLINE R peel(const auto& f) { return f(); }
  template <class T, class... A>
  static HLS_INLINE R peel(const auto& f, const T& x, const A&... rest) {
    return append(hlsd::indices<hlsd::leaves<T>::count>(), f, x, rest...);
  }
  template <int... I, class T, class... A>
  static HLS_INLINE R append(hlsd::index_list<I...>, const auto& f, const T& x, const A&... rest) {
    return peel([&](auto... later)
                    HLS_VANISHES { return f(hlsd::leaves<T>::template get<I>(x)..., later...); },
                rest...);
  }
  template <class... B>
  static HLS_INLINE R call(B... b) {
    return hlsd::pack<R>::from(__hls_call<F, hlsd::packed<R>>(reinterpret_cast<const void*>(&body), b...));
  }
  HLS_INLINE R operator()(const hlsd::bare<P>&... a) const {
    return peel([](auto... b) HLS_VANISHES { return call(b...); }, a...);
  }
};
}  // namespace hls

#else
namespace hls {
template <auto F>
struct module;
template <class R, class... P, R (*F)(P...)>
struct module<F> {
  R operator()(const hlsd::bare<P>&... a) const { return F(a...); }
};
}  // namespace hls
#endif
