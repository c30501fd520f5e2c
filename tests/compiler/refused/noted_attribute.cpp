// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  for (int i = 0; i < 4; i++) {
    [[hls::pipeline]];  // warning: unknown attribute 'hls::pipeline' ignored
    out.write(in.read());
  }
}
