// SPDX-License-Identifier: Apache-2.0
// A second-order filter in fixed point: products rounded and saturated at every step.
#include <ap_fixed.h>
#include <hls_stream.h>

using Sample = ap_fixed<16, 4, AP_RND_CONV, AP_SAT>;
using Coefficient = ap_fixed<14, 2>;
using State = ap_fixed<24, 6, AP_RND, AP_SAT_SYM>;

void biquad(hls::stream<Sample>& in, hls::stream<Sample>& out, hls::stream<ap_int<6>>& whole,
            ap_uint<12> count) {
  const Coefficient b0 = 0.29289, b1 = 0.58579, b2 = 0.29289, a1 = -0.17157, a2 = 0.5;
  State s1 = 0, s2 = 0;
EACH:
  for (int i = 0; i < count; i++) {
#pragma HLS PIPELINE
    const Sample x = in.read();
    const State y = b0 * x + s1;
    s1 = b1 * x - a1 * y + s2;
    s2 = b2 * x - a2 * y;
    out.write(y);
    whole.write(ap_int<6>(y));
  }
}
