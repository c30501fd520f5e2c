// SPDX-License-Identifier: Apache-2.0
// Run-time checks of the native build; the hardware has none.
#pragma once
#include "bits.h"

#ifdef __HLS_SYNTH__
namespace hlsd {
HLS_INLINE void check(bool, const char*) {}
}  // namespace hlsd
#else
namespace hls::native {
[[noreturn]] void fail(const char* format, ...) __attribute__((format(printf, 1, 2)));
}
namespace hlsd {
#ifdef HLS_NATIVE_CHECKS
HLS_INLINE void check(bool good, const char* what) {
  if (!good) hls::native::fail("%s", what);
}
#else
HLS_INLINE void check(bool, const char*) {}
#endif
}  // namespace hlsd
#endif
