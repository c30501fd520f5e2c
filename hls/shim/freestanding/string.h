// SPDX-License-Identifier: Apache-2.0
// What a kernel may use of <string.h>: copying and filling memory. The compiler turns both into loads and
// stores.
#pragma once
#ifdef __HLS_SYNTH__
#include <stddef.h>

inline void* memcpy(void* to, const void* from, decltype(sizeof(0)) bytes) {
  return __builtin_memcpy(to, from, bytes);
}
inline void* memmove(void* to, const void* from, decltype(sizeof(0)) bytes) {
  return __builtin_memmove(to, from, bytes);
}
inline void* memset(void* to, int value, decltype(sizeof(0)) bytes) {
  return __builtin_memset(to, value, bytes);
}
#else
#include_next <string.h>
#endif
