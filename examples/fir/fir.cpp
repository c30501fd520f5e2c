// SPDX-License-Identifier: Apache-2.0
// A low-pass filter, once between buffers in memory and once between streams:
// y[n] = (tap[0] x[n] + tap[1] x[n-1] + ... + tap[7] x[n-7]) / 2^15, rounded down. Before the first sample
// there are 0s.
#include <ap_int.h>
#include <hls_burst_maxi.h>
#include <hls_stream.h>

using Sample = ap_int<32>;

constexpr int kTaps = 8;
constexpr int kFraction = 15;
// They add up to 2^15, so the result fits a sample.
constexpr int kTap[kTaps] = {615, 2459, 5368, 7942, 7942, 5368, 2459, 615};

// One sample further: `delay` holds the latest ones, the newest first.
static Sample step(Sample (&delay)[kTaps], Sample x) {
  ap_int<48> sum = 0;
  for (int k = kTaps - 1; k > 0; --k) {
#pragma HLS UNROLL
    delay[k] = delay[k - 1];
  }
  delay[0] = x;
  for (int k = 0; k < kTaps; ++k) {
#pragma HLS UNROLL
    sum += delay[k] * kTap[k];
  }
  return sum >> kFraction;
}

// From a buffer to a buffer: pointers become AXI4 masters, `count` and `last` registers.
void fir(hls::burst_maxi<Sample> x, hls::burst_maxi<Sample> y, int count, Sample& last) {
#pragma HLS INTERFACE m_axi port = x bundle = gmem0
#pragma HLS INTERFACE m_axi port = y bundle = gmem1
  Sample delay[kTaps] = {};
#pragma HLS ARRAY_PARTITION variable = delay complete
  Sample result = 0;
  x.read_request(0, count);
  y.write_request(0, count);
  for (int n = 0; n < count; ++n) {
#pragma HLS PIPELINE II = 1
    result = step(delay, x.read());
    y.write(result);
  }
  y.write_response();
  last = result;
}

// From a stream to a stream: a DMA moves the samples.
void fir_stream(hls::stream<Sample>& x, hls::stream<Sample>& y, int count) {
  Sample delay[kTaps] = {};
#pragma HLS ARRAY_PARTITION variable = delay complete
  for (int n = 0; n < count; ++n) {
#pragma HLS PIPELINE II = 1
    y.write(step(delay, x.read()));
  }
}
