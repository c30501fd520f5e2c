// SPDX-License-Identifier: Apache-2.0
// Read-modify-write of a memory at addresses that may repeat: a true dependence through memory.
#include <ap_int.h>
#include <hls_stream.h>

constexpr int kBins = 32;

void histogram(hls::stream<ap_uint<8>>& in, hls::stream<ap_uint<20>>& out, ap_uint<16> count) {
  ap_uint<20> bins[kBins];
CLEAR:
  for (int b = 0; b < kBins; b++) {
#pragma HLS PIPELINE II = 1
    bins[b] = 0;
  }
COUNT:
  for (int i = 0; i < count; i++) {
#pragma HLS PIPELINE II = 1
    const ap_uint<8> v = in.read();
    bins[v & (kBins - 1)] += ap_uint<4>(v >> 5) + 1;
  }
DRAIN:
  for (int b = 0; b < kBins; b++) {
#pragma HLS PIPELINE II = 1
    out.write(bins[b]);
  }
}
