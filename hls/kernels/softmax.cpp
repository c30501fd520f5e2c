// SPDX-License-Identifier: Apache-2.0
// Single-pass softmax alone: the score sweep keeps the integer maximum, the second sweep takes the
// exponentials and their sum. Output per row: the exponentials, then the reciprocal of the sum (value and
// half exponent).
#include "edgemoe/softmax.hpp"

#include <ap_int.h>
#include <hls_stream.h>

using namespace edgemoe;

void softmax_kernel(hls::stream<ap_int<18>>& inputs, hls::stream<ap_uint<15>>& exponentials,
                    hls::stream<ap_uint<18>>& reciprocals, hls::stream<ap_uint<5>>& half_exponents,
                    ap_uint<16> rows, ap_uint<16> keys) {
  Score scores[kMaxTokens];
ROWS:
  for (ap_uint<16> row = 0; row != rows; ++row) {
    IntegerMaximum maximum = -128;
  SCORES:
    for (ap_uint<16> key = 0; key != keys; ++key) {
#pragma HLS PIPELINE II = 1
      const Score t = inputs.read();
      scores[key] = t;
      maximum = integer_part(t) > maximum ? integer_part(t) : maximum;
    }
    ap_uint<24> sum = 0;
  EXPONENTIALS:
    for (ap_uint<16> key = 0; key != keys; ++key) {
#pragma HLS PIPELINE II = 1
      const Exponential e = exp2_lane(scores[key], maximum);
      sum = ap_uint<24>(sum + e);
      exponentials.write(e);
    }
    const Reciprocal r = reciprocal(sum);
    reciprocals.write(r.value);
    half_exponents.write(r.half_exponent);
  }
}
