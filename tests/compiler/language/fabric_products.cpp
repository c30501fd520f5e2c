// SPDX-License-Identifier: Apache-2.0
// Multiplications that are kept out of DSP blocks: of a helper inlined twice, in an unrolled loop, narrow and wide, in
// a loop that runs state by state and in a module; beside them some that are not.
#include <ap_int.h>
#include <hls_stream.h>

static ap_int<24> scaled(ap_int<12> a, ap_int<12> b) {
  const ap_int<24> product = a * b;
#pragma HLS BIND_OP variable = product op = mul impl = fabric
  return product;
}

static ap_int<40> held(ap_int<20> a, ap_int<20> b) {
#pragma HLS INLINE off
  ap_int<40> inside = a * b;
#pragma HLS BIND_OP variable = inside op = mul impl = fabric
  return inside + 1;
}

void fabric_products(hls::stream<ap_int<32>>& in, hls::stream<ap_int<48>>& out) {
  for (int i = 0; i < 40; i++) {
#pragma HLS PIPELINE II = 1
    const ap_int<32> x = in.read();
    ap_int<16> parts[2] = {x(15, 0), x(31, 16)};
    ap_int<48> sum = scaled(x, x >> 9) - scaled(x >> 3, 1234) + held(x, x >> 7);
    for (int k = 0; k < 2; k++) {
      const int square = parts[k] * parts[k];
#pragma HLS BIND_OP variable = square op = mul impl = fabric
      sum += square;
    }
    out.write(sum + parts[0] * ap_int<18>(parts[1]));
  }
  for (int i = 0; i < 20; i++) {
    const ap_int<32> x = in.read();
    int small;
#pragma HLS BIND_OP variable = small op = mul impl = fabric
    small = ap_int<5>(x) * ap_int<4>(x >> 5);
    const ap_int<17> half = x;
    ap_int<34> wide = half * ap_int<17>(x >> 8);
#pragma HLS BIND_OP variable = wide op = mul impl = fabric
    out.write(small + wide);
  }
}
