// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
#pragma HLS INTERFACE axi_stream port=in  // error: the interface mode 'axi_stream' is not known
  out.write(in.read());
}
