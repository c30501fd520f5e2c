// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int x;
  if (in.read() > 3) x = 5;  // warning: variable 'x' is used uninitialized
  out.write(x + 1);
}
