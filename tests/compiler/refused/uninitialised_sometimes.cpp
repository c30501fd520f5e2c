// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int x;
  if (in.read() > 3) x = 5;
  out.write(x);  // warning: 'x' may be read before it has a value
}
