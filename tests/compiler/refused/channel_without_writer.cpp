// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
static void work(hls::stream<int>& in, hls::stream<int>& extra, hls::stream<int>& out) {
  out.write(in.read() + extra.read());
}
void top(hls::stream<int>& in, hls::stream<int>& out) {  // error: the channel 'extra' is never written
#pragma HLS DATAFLOW
  hls::stream<int> extra;
  work(in, extra, out);
}
