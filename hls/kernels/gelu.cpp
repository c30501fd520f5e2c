// SPDX-License-Identifier: Apache-2.0
// GELU alone: one lane. Each input h (Q.14, 22 bits) gives the unit's value and the scaled 16-bit output.
#include "edgemoe/gelu.hpp"

#include <ap_int.h>
#include <hls_stream.h>

using namespace edgemoe;

void gelu_kernel(hls::stream<ap_int<22>>& inputs, hls::stream<ap_int<22>>& values,
                 hls::stream<ap_int<16>>& outputs, ap_uint<16> count, ap_uint<16> multiplier,
                 ap_uint<6> shift) {
GELU:
  for (ap_uint<16> i = 0; i != count; ++i) {
#pragma HLS PIPELINE II = 1
    const ap_int<22> h = inputs.read();
    values.write(gelu(h));
    outputs.write(scaled_gelu(gelu(h) * ap_uint<16>(multiplier), shift).value);
  }
}
