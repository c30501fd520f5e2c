// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  for (int k = 0; k < 4; k++) {
#pragma HLS PIPELINE II=1
    int s = in.read();
    for (int i = 0; i < 1000; i++)
      for (int j = 0; j < 1000; j++) s = s * 3 ^ (i - j);  // error: unrolling this loop
    out.write(s);
  }
}
