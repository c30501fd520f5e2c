// SPDX-License-Identifier: Apache-2.0
// A kernel without AXI, for control by ports.
#include "hls_stream.h"

void handshake(hls::stream<ap_uint<8>>& in, hls::stream<ap_uint<16>>& out, unsigned count, ap_uint<8> scale,
               unsigned& total) {
  unsigned sum = 0;
  for (unsigned i = 0; i < count; i++) {
#pragma HLS PIPELINE II = 1
    ap_uint<16> product = in.read() * scale;
    out.write(product);
    sum += product.to_uint();
  }
  total = sum;
}
