// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
static void first(hls::stream<int>& in, hls::stream<int>& middle) { middle.write(in.read()); }
static void second(hls::stream<int>& middle, hls::stream<int>& out) { out.write(middle.read()); }
void top(hls::stream<int>& in, hls::stream<int>& out, int n) {
  for (int k = 0; k < n; k++) {  // error: a DATAFLOW function may only declare channels and call processes
#pragma HLS DATAFLOW
    hls::stream<int> middle;
    first(in, middle);
    second(middle, out);
  }
}
