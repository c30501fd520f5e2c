// SPDX-License-Identifier: Apache-2.0
// A dot product kept as a module of fixed latency, four instances around one memory of partial sums.
#include <ap_int.h>
#include <hls_stream.h>
#include <hls_vector.h>

constexpr int kN = 4;
using Vector = hls::vector<ap_int<8>, kN>;
using Sums = hls::vector<ap_int<24>, kN>;

static ap_int<24> dot(Vector x, Vector w, ap_int<24> start) {
#pragma HLS INLINE off
  for (int i = 0; i < kN; i++) {
#pragma HLS UNROLL
    start += x[i] * w[i];
  }
  return start;
}

void dot_module(hls::stream<Vector>& weights, hls::stream<Vector>& in, hls::stream<Sums>& out,
                ap_uint<8> rounds, ap_uint<5> tokens) {
  ap_int<24> sums[16][kN];
#pragma HLS ARRAY_PARTITION variable = sums complete dim = 2
  for (int r = 0; r < rounds; r++) {
    Vector w[kN];
#pragma HLS ARRAY_PARTITION variable = w complete
    for (int k = 0; k < kN; k++) {
#pragma HLS UNROLL
      w[k] = weights.read();
    }
    for (int t = 0; t < tokens; t++) {
#pragma HLS PIPELINE II = 1
#pragma HLS DEPENDENCE variable = sums inter false
      const Vector x = in.read();
      for (int k = 0; k < kN; k++)
        sums[t][k] = dot(x, w[k], r == 0 ? ap_int<24>(k) : sums[t][k]);
    }
  }
  for (int t = 0; t < tokens; t++) {
#pragma HLS PIPELINE II = 1
    Sums y;
    for (int k = 0; k < kN; k++)
      y[k] = sums[t][k];
    out.write(y);
  }
}
