// SPDX-License-Identifier: Apache-2.0
// hls::vector<T, N>: N lanes of T, with element-wise operators.
#pragma once
#include "ap_int.h"

namespace hls {

template <class T, int N>
struct vector {
  static_assert(N >= 1, "hls::vector has at least one lane");
  using value_type = T;
  static constexpr int lanes = N;
  T data[N];

  vector() = default;
  HLS_INLINE vector(const T& x) {
#pragma clang loop unroll(full)
    for (int i = 0; i < N; i++)
      data[i] = x;
  }
  HLS_INLINE T& operator[](int i) {
    hlsd::check(i >= 0 && i < N, "hls::vector: index outside the lanes");
    return data[i];
  }
  HLS_INLINE const T& operator[](int i) const {
    hlsd::check(i >= 0 && i < N, "hls::vector: index outside the lanes");
    return data[i];
  }
  static constexpr int size() { return N; }
  HLS_INLINE bool operator==(const vector& o) const {
    bool equal = true;
#pragma clang loop unroll(full)
    for (int i = 0; i < N; i++)
      equal &= data[i] == o.data[i];
    return equal;
  }
  HLS_INLINE vector& operator+=(const vector& o) { return *this = *this + o; }
  HLS_INLINE vector& operator-=(const vector& o) { return *this = *this - o; }
  HLS_INLINE vector& operator*=(const vector& o) { return *this = *this * o; }
  HLS_INLINE T reduce_add() const {
    T sum = data[0];
#pragma clang loop unroll(full)
    for (int i = 1; i < N; i++)
      sum = T(sum + data[i]);
    return sum;
  }
};

// Element-wise; each lane keeps the type T, as in Vitis.
template <class T, int N, class F>
HLS_INLINE vector<T, N> lanewise(const vector<T, N>& a, const vector<T, N>& b, F f) {
  vector<T, N> r;
#pragma clang loop unroll(full)
  for (int i = 0; i < N; i++)
    r.data[i] = T(f(a.data[i], b.data[i]));
  return r;
}
template <class T, int N>
HLS_INLINE vector<T, N> operator+(const vector<T, N>& a, const vector<T, N>& b) {
  return lanewise(a, b, [](const T& x, const T& y) __attribute__((always_inline)) { return x + y; });
}
template <class T, int N>
HLS_INLINE vector<T, N> operator-(const vector<T, N>& a, const vector<T, N>& b) {
  return lanewise(a, b, [](const T& x, const T& y) __attribute__((always_inline)) { return x - y; });
}
template <class T, int N>
HLS_INLINE vector<T, N> operator*(const vector<T, N>& a, const vector<T, N>& b) {
  return lanewise(a, b, [](const T& x, const T& y) __attribute__((always_inline)) { return x * y; });
}

}  // namespace hls
