// SPDX-License-Identifier: Apache-2.0
// hls::stream<T>: a FIFO between processes or at a port of the top.
#pragma once
#include "detail/pack.h"
#include "hls_intrinsics.h"
#include "hls_module.h"
#ifdef __HLS_SYNTH__

namespace hls {
template <class T, int Depth = 0>
struct stream {
  using element = T;
  using B = hlsd::packed<T>;
  B token;  // gives the object its width; never read

  HLS_INLINE stream() {}
  HLS_INLINE stream(const char*) {}
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;

  HLS_INLINE T read() { return hlsd::pack<T>::from(__hls_fifo_read<B>(this)); }
  HLS_INLINE void read(T& x) { x = read(); }
  HLS_INLINE void write(const T& x) { __hls_fifo_write<B>(this, hlsd::pack<T>::to(x)); }
  [[nodiscard]] HLS_INLINE bool empty() const { return __hls_fifo_empty<B>(this); }
  [[nodiscard]] HLS_INLINE bool full() const { return __hls_fifo_full<B>(this); }
  HLS_INLINE bool read_nb(T& x) {
    if (empty()) return false;
    x = read();
    return true;
  }
  HLS_INLINE bool write_nb(const T& x) {
    if (full()) return false;
    write(x);
    return true;
  }
  HLS_INLINE void operator>>(T& x) { x = read(); }
  HLS_INLINE void operator<<(const T& x) { write(x); }
};
}  // namespace hls

#else
#include "detail/native_stream.h"
#endif
