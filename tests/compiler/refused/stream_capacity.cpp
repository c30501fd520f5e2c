// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  out.write(in.read() + int(in.capacity()));  // error: hls::stream has no capacity() in hardware; write its depth
}
