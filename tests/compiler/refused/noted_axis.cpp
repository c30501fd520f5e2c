// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
#pragma HLS INTERFACE axis port=in  // note: the AXI4-Stream of 'in' is a port of the module top_axis; top has FIFO ports
  out.write(in.read());
}
