// SPDX-License-Identifier: Apache-2.0
// hls::burst_maxi<T>: an AXI master used burst by burst. A request names the first element and the number of
// elements; any number of requests may be outstanding, data come in request order. Offsets count elements of
// T.
#pragma once
#include "detail/pack.h"
#include "hls_intrinsics.h"
#ifdef __HLS_SYNTH__

namespace hls {
template <class T>
struct burst_maxi {
  using element = T;
  using B = hlsd::packed<T>;
  using request = unsigned _BitInt(64);
  static_assert(hlsd::pack<T>::width >= 8 && (hlsd::pack<T>::width & (hlsd::pack<T>::width - 1)) == 0,
                "an AXI element has 8, 16, 32, ... bits");
  unsigned long handle;  // an integer, not a pointer: passed by value it stays one argument

  static HLS_INLINE request make_request(unsigned first, unsigned beats) {
    return (request(beats) << 32) | first;
  }
  HLS_INLINE void read_request(unsigned first, unsigned beats) {
    __hls_chan_write<0, request>(handle, make_request(first, beats));
  }
  HLS_INLINE T read() { return hlsd::pack<T>::from(__hls_chan_read<1, B>(handle)); }
  HLS_INLINE void write_request(unsigned first, unsigned beats) {
    __hls_chan_write<2, request>(handle, make_request(first, beats));
  }
  HLS_INLINE void write(const T& x) { __hls_chan_write<3, B>(handle, hlsd::pack<T>::to(x)); }
  HLS_INLINE void write_response() { (void)__hls_chan_read<4, unsigned _BitInt(1)>(handle); }
};
}  // namespace hls

#else
#include "detail/native_memory.h"
#endif
