// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int x = in.read();
  if (x < 0) throw x;  // error: exceptions cannot become hardware; return a status
  out.write(x);
}
