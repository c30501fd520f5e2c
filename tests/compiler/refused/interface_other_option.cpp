// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
#pragma HLS INTERFACE axis port=in bundle=gmem  // error: 'bundle' is no option of the interface mode axis
  out.write(in.read());
}
