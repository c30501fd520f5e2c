// SPDX-License-Identifier: Apache-2.0
// hls::stream of the native build: a bounded queue whose reader and writer are processes.
#pragma once
#include "native_process.h"
#include "pack.h"

namespace hls {

template <class T, int Depth = 0>
struct stream {
  using element = T;
  native::fifo state;
  T* ring = nullptr;
  unsigned long long capacity = 0, head = 0;

  stream() {
    if (Depth > 0) state.depth = Depth;
  }
  explicit stream(const char* name) : stream() { state.name = name; }
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;
  ~stream() { free(ring); }

  T read() {
    while (state.count == 0)
      native::wait_for(state, native::wait_kind::data);
    T x = ring[head];
    head = head + 1 == capacity ? 0 : head + 1;
    state.count--;
    native::the.moves++;
    return x;
  }
  void read(T& x) { x = read(); }
  void write(const T& x) {
    while (state.count >= state.depth)
      native::wait_for(state, native::wait_kind::space);
    if (state.count == capacity) grow();
    const unsigned long long tail = head + state.count;
    ring[tail >= capacity ? tail - capacity : tail] = x;
    state.count++;
    state.total++;
    native::the.moves++;
  }
  // A process that only looks gives the others their turn, or it would look for ever.
  bool empty() {
    if (state.count == 0) native::wait_for(state, native::wait_kind::polling);
    return state.count == 0;
  }
  bool full() {
    if (state.count >= state.depth) native::wait_for(state, native::wait_kind::polling);
    return state.count >= state.depth;
  }
  bool read_nb(T& x) {
    if (empty()) return false;
    x = read();
    return true;
  }
  bool write_nb(const T& x) {
    if (full()) return false;
    write(x);
    return true;
  }
  unsigned long long size() const { return state.count; }
  void operator>>(T& x) { x = read(); }
  void operator<<(const T& x) { write(x); }

 private:
  void grow() {
    const unsigned long long bigger = capacity ? capacity * 2 : 16;
    T* to = static_cast<T*>(malloc(bigger * sizeof(T)));
    for (unsigned long long i = 0; i < state.count; i++) {
      to[i] = ring[head + i >= capacity ? head + i - capacity : head + i];
    }
    free(ring);
    ring = to;
    capacity = bigger;
    head = 0;
  }
};

namespace native {
// What the source rewriter puts in the place of a STREAM pragma and after a declaration of streams.
template <class S>
void name_stream(S& s, const char* name) {
  s.state.name = name;
}
template <class S, int N>
void name_stream(S (&s)[N], const char* name) {
  for (S& one : s)
    name_stream(one, name);
}
template <class S>
void set_depth(S& s, unsigned long long depth) {
  s.state.depth = depth ? depth : 1;
}
template <class S, int N>
void set_depth(S (&s)[N], unsigned long long depth) {
  for (S& one : s)
    set_depth(one, depth);
}
}  // namespace native

}  // namespace hls
