// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
#pragma HLS INTERFACE ap_fifo port=in  // taken: FIFO ports by INTERFACE ap_fifo
  out.write(in.read());
}
