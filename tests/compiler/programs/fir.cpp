// SPDX-License-Identifier: Apache-2.0
// Transposed FIR filter of eight taps; the coefficients come from a stream first.
#include <ap_int.h>
#include <hls_stream.h>

constexpr int kTaps = 8;

void fir(hls::stream<ap_int<12>>& coefficients, hls::stream<ap_int<16>>& in, hls::stream<ap_int<32>>& out,
         ap_uint<16> count) {
  ap_int<12> c[kTaps];
#pragma HLS ARRAY_PARTITION variable = c complete
  ap_int<32> state[kTaps];
#pragma HLS ARRAY_PARTITION variable = state complete
LOAD:
  for (int k = 0; k < kTaps; k++) {
#pragma HLS UNROLL
    c[k] = coefficients.read();
    state[k] = 0;
  }
RUN:
  for (int i = 0; i < count; i++) {
#pragma HLS PIPELINE II = 1
    const ap_int<16> x = in.read();
    for (int k = 0; k < kTaps; k++) {
      const ap_int<32> next = k + 1 < kTaps ? state[k + 1 < kTaps ? k + 1 : 0] : ap_int<32>(0);
      state[k] = next + x * c[k];
    }
    out.write(state[0]);
  }
}
