// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
#pragma HLS FROBNICATE  // error: the pragma HLS FROBNICATE is not known
  out.write(in.read());
}
