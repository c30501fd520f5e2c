// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int i = in.read();
  if (i & 1) goto inside;
  for (i = 0; i < 8; i++) {  // error: more than one entry
    out.write(i);
  inside:
    out.write(-i);
  }
}
