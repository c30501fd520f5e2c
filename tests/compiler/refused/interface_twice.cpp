// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
#pragma HLS INTERFACE axis port=in
#pragma HLS INTERFACE ap_fifo port=in  // error: 'in' has the interface mode axis by another pragma already
  out.write(in.read());
}
