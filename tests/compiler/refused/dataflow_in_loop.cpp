// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
static void first(hls::stream<int>& in, hls::stream<int>& middle) { middle.write(in.read()); }
static void second(hls::stream<int>& middle, hls::stream<int>& out) { out.write(middle.read()); }
void top(hls::stream<int>& in, hls::stream<int>& out, int n) {
  for (int k = 0; k < n; k++) {
#pragma HLS DATAFLOW  // error: the pragma HLS DATAFLOW stands in the loop of line 6, and only the body of a function can be
    hls::stream<int> middle;
    first(in, middle);
    second(middle, out);
  }
}
