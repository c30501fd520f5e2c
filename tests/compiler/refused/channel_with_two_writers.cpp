// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
static void put(hls::stream<int>& in, hls::stream<int>& m) { m.write(in.read()); }
static void get(hls::stream<int>& m, hls::stream<int>& out) { out.write(m.read()); }
void top(hls::stream<int>& a, hls::stream<int>& b, hls::stream<int>& out) {
#pragma HLS DATAFLOW
  hls::stream<int> m;
  put(a, m);
  put(b, m);  // error: the channel 'm' has a second writer; one process may hold each end
  get(m, out);
}
