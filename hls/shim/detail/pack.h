// SPDX-License-Identifier: Apache-2.0
// How a value travels: pack<T>::bits is its width, `to` and `from` convert. The first field of a struct, lane
// 0 of a vector and element 0 of an array in a struct are the least significant bits.
#pragma once
#include "../hls_vector.h"

// Structured bindings with a pack take a plain struct apart whatever its fields.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc++26-extensions"

namespace hlsd {

template <class T>
struct pack;

template <builtin_integer T>
struct pack<T> {
  static constexpr int width = operand<T>::width;
  using type = bits<width>;
  static HLS_INLINE type to(const T& x) { return static_cast<type>(x); }
  static HLS_INLINE T from(type b) { return static_cast<T>(b); }
};

template <int W, bool S>
struct pack<ap_int_base<W, S>> {
  static constexpr int width = W;
  using type = bits<W>;
  static HLS_INLINE type to(const ap_int_base<W, S>& x) { return static_cast<type>(x.V); }
  static HLS_INLINE ap_int_base<W, S> from(type b) { return ap_int_base<W, S>::from_raw(wrap<W, S>(b)); }
};

template <class T, int N>
struct pack<hls::vector<T, N>> {
  static constexpr int lane = pack<T>::width;
  static constexpr int width = lane * N;
  using type = bits<width>;
  static HLS_INLINE type to(const hls::vector<T, N>& x) {
    type b = 0;
#pragma clang loop unroll(full)
    for (int i = 0; i < N; i++)
      b |= static_cast<type>(type(pack<T>::to(x.data[i])) << (i * lane));
    return b;
  }
  static HLS_INLINE hls::vector<T, N> from(type b) {
    hls::vector<T, N> x;
#pragma clang loop unroll(full)
    for (int i = 0; i < N; i++)
      x.data[i] = pack<T>::from(static_cast<bits<lane>>(b >> (i * lane)));
    return x;
  }
};

// An array, which only a struct can hold: it is written into, since nothing returns one.
template <class T, int N>
struct pack<T[N]> {
  static constexpr int item = pack<T>::width;
  static constexpr int width = item * N;
  using type = bits<width>;
  static HLS_INLINE type to(const T (&x)[N]) {
    type b = 0;
#pragma clang loop unroll(full)
    for (int i = 0; i < N; i++)
      b |= static_cast<type>(type(pack<T>::to(x[i])) << (i * item));
    return b;
  }
};

template <class T>
HLS_INLINE void unpack(T& x, typename pack<T>::type b) {
  x = pack<T>::from(b);
}
template <class T, int N>
HLS_INLINE void unpack(T (&x)[N], typename pack<T[N]>::type b) {
#pragma clang loop unroll(full)
  for (int i = 0; i < N; i++)
    unpack(x[i], static_cast<bits<pack<T>::width>>(b >> (i * pack<T>::width)));
}

template <class T>
  requires(__is_enum(T))
struct pack<T> {
  using integer_type = __underlying_type(T);
  static constexpr int width = pack<integer_type>::width;
  using type = bits<width>;
  static HLS_INLINE type to(const T& x) { return static_cast<type>(static_cast<integer_type>(x)); }
  static HLS_INLINE T from(type b) { return static_cast<T>(static_cast<integer_type>(b)); }
};

// A plain struct: its fields one after the other.
template <class T>
concept plain_struct = __is_class(T) && __is_aggregate(T);

template <class... F>
struct field_pack {
  static constexpr int width = (pack<F>::width + ... + 0);
  using type = bits<width>;
  static HLS_INLINE type to(const F&... f) {
    type b = 0;
    int at = 0;
    ((b |= static_cast<type>(type(pack<F>::to(f)) << at), at += pack<F>::width), ...);
    return b;
  }
  static HLS_INLINE void from(type b, F&... f) {
    int at = 0;
    ((unpack(f, static_cast<bits<pack<F>::width>>(b >> at)), at += pack<F>::width), ...);
  }
};
template <class... F>
struct field_list {
  using packing = field_pack<F...>;
};
template <class T>
auto fields_of(T& x) {
  auto& [... f] = x;
  return field_list<bare<decltype(f)>...>();
}

template <plain_struct T>
struct pack<T> {
  using fields = typename decltype(fields_of(*static_cast<T*>(nullptr)))::packing;
  static constexpr int width = fields::width;
  using type = bits<width>;
  static HLS_INLINE type to(const T& x) {
    const auto& [... f] = x;
    return fields::to(f...);
  }
  static HLS_INLINE T from(type b) {
    T x;
    auto& [... f] = x;
    fields::from(b, f...);
    return x;
  }
};

template <class T>
using packed = typename pack<T>::type;

}  // namespace hlsd

#pragma clang diagnostic pop
