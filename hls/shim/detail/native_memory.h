// SPDX-License-Identifier: Apache-2.0
// hls::burst_maxi of the native build: requests in order on a buffer of bytes, every access checked.
#pragma once
#include "native_stream.h"

namespace hls {

namespace native {

struct burst {
  unsigned long long next, left;
};

// One AXI master: shared by the copies of its burst_maxi that the processes hold.
struct memory {
  const char* name = "memory";
  unsigned char* bytes = nullptr;
  unsigned long long size = 0;
  stream<burst> reads, writes;
  unsigned long long responses = 0;
  memory() { reads.state.depth = writes.state.depth = ~0ull; }

  unsigned char* element(stream<burst>& queue, unsigned width, const char* verb) {
    if (queue.state.count == 0) fail("%s of '%s' without an outstanding request", verb, name);
    burst& b = queue.ring[queue.head];
    const unsigned long long at = b.next * width;
    if (at + width > size) {
      fail("%s of '%s' at element %llu (byte %llu) outside its %llu bytes", verb, name, b.next, at, size);
    }
    b.next++;
    b.left--;
    return bytes + at;
  }
};

}  // namespace native

template <class T>
struct burst_maxi {
  using element = T;
  static constexpr unsigned width = hlsd::pack<T>::width / 8;  // bytes
  static_assert(hlsd::pack<T>::width >= 8 && (hlsd::pack<T>::width & (hlsd::pack<T>::width - 1)) == 0,
                "an AXI element has 8, 16, 32, ... bits");
  native::memory* port;

  void read_request(unsigned first, unsigned beats) {
    if (beats) port->reads.write({first, beats});
  }
  T read() {
    const unsigned char* from = port->element(port->reads, width, "read");
    if (port->reads.ring[port->reads.head].left == 0) port->reads.read();
    hlsd::packed<T> b;
    memcpy(&b, from, width);
    return hlsd::pack<T>::from(b);
  }
  void write_request(unsigned first, unsigned beats) {
    if (beats) port->writes.write({first, beats});
  }
  void write(const T& x) {
    unsigned char* to = port->element(port->writes, width, "write");
    const hlsd::packed<T> b = hlsd::pack<T>::to(x);
    memcpy(to, &b, width);
    if (port->writes.ring[port->writes.head].left == 0) {
      port->writes.read();
      port->responses++;
    }
  }
  void write_response() {
    if (port->responses == 0)
      native::fail("write_response of '%s' before a whole burst was written", port->name);
    port->responses--;
  }
};

}  // namespace hls
