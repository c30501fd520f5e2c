// SPDX-License-Identifier: Apache-2.0
// Integers far beyond 64 bits: sums, products, shifts by run-time amounts, ranges and concatenations.
#include <ap_int.h>
#include <hls_stream.h>

void wide(hls::stream<ap_uint<256>>& in, hls::stream<ap_uint<512>>& out, ap_uint<8> count) {
  ap_int<300> state = -1;
EACH:
  for (int i = 0; i < count; i++) {
#pragma HLS PIPELINE II = 1
    const ap_uint<256> x = in.read();
    const ap_int<100> a = x(99, 0);
    const ap_uint<100> b = x(199, 100);
    const ap_uint<8> n = x(207, 200);
    const ap_int<200> p = a * b;
    state = (state << 3) + p - (x >> n);
    ap_uint<512> y = (state, a);
    y[511] = x[208];
    y(420, 405) = x(223, 208);
    y ^= ap_uint<512>(x) << ap_uint<9>(n);
    if (a < b && !(x.and_reduce())) y = ~y;
    out.write(y);
  }
}
