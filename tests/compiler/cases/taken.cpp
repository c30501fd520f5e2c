// SPDX-License-Identifier: Apache-2.0
// read_nb in a loop with II=1: what was not there is not counted.
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int seen = 0;
  while (seen < 40) {
#pragma HLS PIPELINE II=1
    int x;
    if (in.read_nb(x)) {
      out.write(x ^ seen);
      seen++;
    }
  }
}
