// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out, int n) {
  for (int i = 0; i < n; i--)  // warning: the counter moves away from the loop's end
    out.write(in.read());
}
