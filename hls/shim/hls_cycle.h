// SPDX-License-Identifier: Apache-2.0
// hls::cycle_count(): clock cycles since reset, for statistics. The native build has no clock and returns 0,
// so a result must never depend on it.
#pragma once
#include "ap_int.h"
#include "hls_intrinsics.h"

namespace hls {
#ifdef __HLS_SYNTH__
__attribute__((always_inline)) inline ap_uint<32> cycle_count() {
  return __hls_cycle_count();
}
#else
inline ap_uint<32> cycle_count() {
  return 0;
}
#endif
}  // namespace hls
