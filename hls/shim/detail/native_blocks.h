// SPDX-License-Identifier: Apache-2.0
// hls::stream_of_blocks of the native build: a queue of whole blocks. `block` is the block that is being
// written or read: a consumer's view and a producer's view are one object, so each side keeps its own copy
// until it releases it.
#pragma once
#include "native_stream.h"

namespace hls {

template <class T, int Depth = 2>
struct stream_of_blocks;
template <class E, int D0, int D1, int Depth>
struct stream_of_blocks<E[D0][D1], Depth> {
  using rows = E (*)[D1];
  struct storage {
    E data[D0][D1];
  };
  stream<storage, Depth> queue;
  storage written, reading;

  // A process sees its own side of the block: the writer until it releases, the reader after it acquired.
  struct view {
    stream_of_blocks& owner;
    E(&operator[](int i))
    [D1] {
      const bool writes = native::the.current == owner.writer;
      return writes ? owner.written.data[i] : owner.reading.data[i];
    }
  };
  view block{*this};
  const native::process* writer = nullptr;

  stream_of_blocks() = default;
  stream_of_blocks(const stream_of_blocks&) = delete;
  void acquire_write() { writer = native::the.current; }
  void release_write() { queue.write(written); }
  void acquire_read() { reading = queue.read(); }
  void release_read() {}
};

namespace native {
template <class E, int D0, int D1, int N>
void name_stream(stream_of_blocks<E[D0][D1], N>& s, const char* name) {
  s.queue.state.name = name;
}
}  // namespace native

}  // namespace hls
