// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  for (int i = 0; i < 10; i++) {
#pragma HLS UNROLL factor=4  // note: the number of the loop's iterations is not a constant that its factor divides
    out.write(in.read() * i);
  }
}
