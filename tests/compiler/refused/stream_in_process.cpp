// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& out) {
  hls::stream<int> inner;
  inner.write(3);  // error: no other end
  out.write(inner.read());
}
