// SPDX-License-Identifier: Apache-2.0
// A loop behind a loop: one counts up in 64 bits to a bound, one down to zero.
#include <ap_int.h>
#include <hls_stream.h>

void countdown(hls::stream<ap_int<16>>& in, hls::stream<ap_int<32>>& out, int first, int second) {
  const ap_int<64> end = ap_int<64>(first) + 1;
  ap_int<32> sum = 0;
UP:
  for (ap_int<64> i = 1; i < end; i++) {
#pragma HLS PIPELINE II = 1
    sum ^= in.read();
    out.write(sum);
  }
  ap_uint<40> left = second;
DOWN:
  while (left != 0) {
#pragma HLS PIPELINE II = 1
    sum ^= in.read();
    out.write(sum);
    left--;
  }
}
