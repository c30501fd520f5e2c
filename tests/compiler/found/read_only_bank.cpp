// SPDX-License-Identifier: Apache-2.0
// Banks of a RAM that no index reaches stood in the multiplexer, and nothing drove them.
#include <ap_int.h>
#include <hls_stream.h>
void read_only_bank(hls::stream<ap_uint<8>>& in, hls::stream<ap_uint<64>>& out, int count) {
  ap_uint<16> m[8] = {};
#pragma HLS ARRAY_PARTITION variable = m cyclic factor = 4
  for (int round = 0; round < count; round++) {
    const ap_uint<8> x = in.read();
    out.write(m[ap_uint<2>(x + x)]);
    m[x[0] ? 0 : 2] = x;
  }
}
