// SPDX-License-Identifier: Apache-2.0
// UNROLL of 100000 iterations.
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int s = in.read();
  for (int i = 0; i < 100000; i++) {  // error: beyond the limit of 16,384
#pragma HLS UNROLL
    s = s * 3 ^ i;
  }
  out.write(s);
}
