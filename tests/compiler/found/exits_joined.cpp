// SPDX-License-Identifier: Apache-2.0
// A loop in a pipeline that is left early: LLVM makes its two exits one condition, and then knows the most
// iterations only, not their number.
#include <ap_int.h>
#include <hls_stream.h>

void exits_joined(hls::stream<ap_uint<8>>& in, hls::stream<ap_uint<64>>& out, int count) {
  int m[4] = {};
  ap_uint<9> n[4] = {};
  for (int round = 0; round < count; round++) {
#pragma HLS PIPELINE II=2
    const ap_uint<8> x = in.read();
    for (long i = 0; i < 3; i++) {
      m[i] = round;
      if (n[i] > x) break;
    }
    n[x & 3] = x;
    out.write(ap_uint<64>(m[x >> 6]));
  }
}
