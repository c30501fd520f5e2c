// SPDX-License-Identifier: Apache-2.0
#include <ap_int.h>
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
#pragma HLS INTERFACE axis port=in
#pragma HLS INTERFACE mode=axis port=out
#pragma HLS INTERFACE ap_ctrl_none port=return  // error: the interface mode ap_ctrl_none is not built
  for (int i = 0; i < 8; i++) out.write(in.read());
}
