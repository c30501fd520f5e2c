// SPDX-License-Identifier: Apache-2.0
// Online softmax statistics in four interleaved lanes: maximum and rescaled sum, then a merge. The recurrence
// of a lane is four iterations long, which the DEPENDENCE pragma states.
#include <ap_int.h>
#include <hls_stream.h>

using Score = ap_int<16>;  // Q6.10
using Sum = ap_uint<32>;
constexpr int kLanes = 4;

static ap_uint<17> power(ap_uint<17> distance) {  // 2^-distance, 16 fraction bits, linear between powers
  const ap_uint<7> whole = distance >> 10;
  const ap_uint<10> part = distance;
  const ap_uint<17> mantissa = 65536 - (ap_uint<17>(part) << 5);
  return whole > 16 ? ap_uint<17>(0) : ap_uint<17>(mantissa >> ap_uint<5>(whole));
}

void softmax_lanes(hls::stream<Score>& in, hls::stream<Score>& maximum, hls::stream<Sum>& sum,
                   ap_uint<10> count) {
  Sum sums[kLanes];
  Score maxima[kLanes];
CLEAR:
  for (int k = 0; k < kLanes; k++) {
#pragma HLS PIPELINE II = 1
    sums[k] = 0;
    maxima[k] = -32768;
  }
SWEEP:
  for (int i = 0; i < count; i++) {
#pragma HLS PIPELINE II = 1
#pragma HLS DEPENDENCE variable = sums inter distance = 4
#pragma HLS DEPENDENCE variable = maxima inter distance = 4
    const Score x = in.read();
    const Sum s = sums[i % kLanes];
    const Score m = maxima[i % kLanes];
    const bool up = x > m;
    const ap_uint<17> e = power(up ? ap_uint<17>(x - m) : ap_uint<17>(m - x));
    sums[i % kLanes] = up ? Sum(Sum((s * e) >> 16) + 65536) : Sum(s + e);
    maxima[i % kLanes] = up ? x : m;
  }
  Sum s = sums[0];
  Score m = maxima[0];
MERGE:
  for (int k = 1; k < kLanes; k++) {
    const Score x = maxima[k];
    const Sum b = sums[k];
    const bool up = x > m;
    const ap_uint<17> e = power(up ? ap_uint<17>(x - m) : ap_uint<17>(m - x));
    s = up ? Sum(Sum((s * e) >> 16) + b) : Sum(Sum((b * e) >> 16) + s);
    m = up ? x : m;
  }
  maximum.write(m);
  sum.write(s);
}
