// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
static hls::stream<int> middle;  // error: the stream 'middle' is global or static; declare it in the DATAFLOW function
static void first(hls::stream<int>& in) { middle.write(in.read()); }
static void second(hls::stream<int>& out) { out.write(middle.read()); }
void top(hls::stream<int>& in, hls::stream<int>& out) {
#pragma HLS DATAFLOW
  first(in);
  second(out);
}
