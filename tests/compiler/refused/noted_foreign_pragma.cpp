// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  for (int i = 0; i < 4; i++) {
#pragma HLS_PIPELINE II = 1  // warning: unknown pragma ignored
#pragma GCC ivdep            // warning: unknown pragma ignored
    out.write(in.read());
  }
}
