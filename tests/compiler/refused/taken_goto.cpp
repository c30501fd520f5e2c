// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int x = in.read();
again:
  out.write(x);
  if (--x > 0) goto again;  // taken: goto, break, continue, switch
}
