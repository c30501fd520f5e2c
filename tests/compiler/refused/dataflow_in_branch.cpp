// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
static void first(hls::stream<int>& in, hls::stream<int>& middle) { middle.write(in.read()); }
static void second(hls::stream<int>& middle, hls::stream<int>& out) { out.write(middle.read()); }
void top(hls::stream<int>& in, hls::stream<int>& out, int n) {
  if (n > 3) {
#pragma HLS DATAFLOW  // error: the pragma HLS DATAFLOW stands in the branch of line 6
    hls::stream<int> middle;
    first(in, middle);
    second(middle, out);
  }
}
