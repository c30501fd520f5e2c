// SPDX-License-Identifier: Apache-2.0
// A table computed at compile time, read twice a cycle for linear interpolation.
#include <ap_int.h>
#include <hls_stream.h>

struct SineTable {
  int value[65];
  constexpr SineTable() : value() {  // round(2^14 sin(pi/2 * i/64)) by its power series
    for (int i = 0; i <= 64; i++) {
      const double x = 1.5707963267948966 * i / 64;
      double term = x, sum = x;
      for (int k = 1; k < 10; k++) {
        term *= -x * x / ((2 * k) * (2 * k + 1));
        sum += term;
      }
      value[i] = int(sum * 16384 + 0.5);
    }
  }
};
static constexpr SineTable kSine;

void sine(hls::stream<ap_uint<16>>& phase, hls::stream<ap_int<16>>& out, ap_uint<12> count) {
EACH:
  for (int i = 0; i < count; i++) {
#pragma HLS PIPELINE II = 1
    const ap_uint<16> p = phase.read();
    const ap_uint<14> folded = p[14] ? ap_uint<14>(~p) : ap_uint<14>(p);
    const ap_uint<6> at = folded >> 8;
    const ap_uint<8> part = folded;
    const ap_int<16> low = kSine.value[at], high = kSine.value[at + 1];
    const ap_int<16> y = low + (((high - low) * ap_int<9>(part)) >> 8);
    out.write(p[15] ? ap_int<16>(-y) : y);
  }
}
