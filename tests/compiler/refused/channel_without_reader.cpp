// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
static void work(hls::stream<int>& in, hls::stream<int>& extra, hls::stream<int>& out) {
  int x = in.read();
  extra.write(x);
  out.write(x);
}
void top(hls::stream<int>& in, hls::stream<int>& out) {  // error: the channel 'extra' is never read
#pragma HLS DATAFLOW
  hls::stream<int> extra;
  work(in, extra, out);
}
