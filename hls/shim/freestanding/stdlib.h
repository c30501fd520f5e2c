// SPDX-License-Identifier: Apache-2.0
// What a kernel may use of <stdlib.h>: absolute values.
#pragma once
#ifdef __HLS_SYNTH__
#include <stddef.h>

inline constexpr int abs(int x) {
  return x < 0 ? -x : x;
}
inline constexpr long abs(long x) {
  return x < 0 ? -x : x;
}
inline constexpr long long abs(long long x) {
  return x < 0 ? -x : x;
}
inline constexpr long labs(long x) {
  return abs(x);
}
inline constexpr long long llabs(long long x) {
  return abs(x);
}
#else
#include_next <stdlib.h>
inline constexpr long abs(long x) {
  return x < 0 ? -x : x;
}
inline constexpr long long abs(long long x) {
  return x < 0 ? -x : x;
}
#endif
