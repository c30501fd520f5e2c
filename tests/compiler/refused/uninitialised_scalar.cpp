// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int x;
  out.write(in.read() + x);  // error: 'x' is read before it has a value
}
