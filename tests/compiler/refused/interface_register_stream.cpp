// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
#pragma HLS INTERFACE s_axilite port=in  // error: 'in' is a stream, which no register can be
  out.write(in.read());
}
