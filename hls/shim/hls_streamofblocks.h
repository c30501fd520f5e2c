// SPDX-License-Identifier: Apache-2.0
// hls::stream_of_blocks<T[D0][D1]>: ping-pong blocks from one process to another, with hls::write_lock and
// hls::read_lock. A flattened loop that cannot hold a lock object calls acquire and release itself.
#pragma once
#include "detail/pack.h"
#include "hls_intrinsics.h"
#ifdef __HLS_SYNTH__

namespace hls {
template <class T, int Depth = 2>
struct stream_of_blocks;
template <class E, int D0, int D1, int Depth>
struct stream_of_blocks<E[D0][D1], Depth> {
  static constexpr int W = hlsd::pack<E>::width;
  E block[D0][D1];
  HLS_INLINE stream_of_blocks() {}
  stream_of_blocks(const stream_of_blocks&) = delete;
  HLS_INLINE void acquire_write() { (void)__hls_blk_acq<1, W, D0, D1>(this); }
  HLS_INLINE void release_write() { __hls_blk_rel<1, W, D0, D1>(this); }
  HLS_INLINE void acquire_read() { (void)__hls_blk_acq<0, W, D0, D1>(this); }
  HLS_INLINE void release_read() { __hls_blk_rel<0, W, D0, D1>(this); }
};
}  // namespace hls

#else
#include "detail/native_blocks.h"
#endif

namespace hls {
template <class T, int Depth = 2>
struct write_lock {
  stream_of_blocks<T, Depth>& blocks;
  HLS_INLINE explicit write_lock(stream_of_blocks<T, Depth>& b) : blocks(b) { b.acquire_write(); }
  write_lock(const write_lock&) = delete;
  HLS_INLINE ~write_lock() { blocks.release_write(); }
  HLS_INLINE auto& operator[](int i) { return blocks.block[i]; }
};
template <class T, int Depth = 2>
struct read_lock {
  stream_of_blocks<T, Depth>& blocks;
  HLS_INLINE explicit read_lock(stream_of_blocks<T, Depth>& b) : blocks(b) { b.acquire_read(); }
  read_lock(const read_lock&) = delete;
  HLS_INLINE ~read_lock() { blocks.release_read(); }
  HLS_INLINE auto& operator[](int i) { return blocks.block[i]; }
};
}  // namespace hls
