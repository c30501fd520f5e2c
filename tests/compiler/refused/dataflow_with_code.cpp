// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
static void copy(hls::stream<int>& in, hls::stream<int>& out, int n) {
  for (int i = 0; i < n; i++) out.write(in.read());
}
void top(hls::stream<int>& in, hls::stream<int>& out, int n) {
#pragma HLS DATAFLOW
  copy(in, out, n * 3);  // error: the argument 'n' must be an argument of the DATAFLOW function, a channel
}
