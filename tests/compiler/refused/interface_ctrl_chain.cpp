// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
#pragma HLS INTERFACE mode=ap_ctrl_chain port=return  // error: the interface mode ap_ctrl_chain is not built
  out.write(in.read());
}
