// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
constexpr int c_dim = 4;
void top(hls::stream<int>& in, hls::stream<int>& out, int n) {
  for (int i = 0; i < n; i++) {
#pragma HLS LOOP_TRIPCOUNT min = c_dim* c_dim max = c_dim * c_dim
    out.write(in.read());
  }
}
