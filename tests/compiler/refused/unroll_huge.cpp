// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int s = in.read();
  for (int i = 0; i < 100000; i++) {  // error: unrolling this loop is not possible: the number of its iterations is not a constant, or it is beyond the limit of 16,384
#pragma HLS UNROLL
    s = s * 3 ^ i;
  }
  out.write(s);
}
