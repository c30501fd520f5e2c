// SPDX-License-Identifier: Apache-2.0
// Quotients and remainders of every mixture of signs, and a quotient in fixed point.
#include <ap_fixed.h>
#include <ap_int.h>
#include <hls_stream.h>

struct Quotients {
  ap_int<21> ss, su;
  ap_int<21> us;
  ap_uint<20> uu;
  ap_int<13> remainder;
  ap_uint<12> unsigned_remainder;
};

void division(hls::stream<ap_uint<20>>& a, hls::stream<ap_uint<12>>& b, hls::stream<Quotients>& out,
              hls::stream<ap_int<26>>& ratio, ap_uint<8> count) {
EACH:
  for (int i = 0; i < count; i++) {
#pragma HLS PIPELINE
    const ap_uint<20> x = a.read();
    const ap_uint<12> read = b.read();
    const ap_uint<12> y = read == 0 ? ap_uint<12>(1) : read;
    const ap_int<20> sx = x;
    const ap_int<12> sy = y;
    Quotients q;
    q.ss = sx / sy;
    q.su = sx / y;
    q.us = x / sy;
    q.uu = x / y;
    q.remainder = sx % sy;
    q.unsigned_remainder = x % y;
    out.write(q);
    ap_fixed<20, 10> fx;
    fx.V = sx.V;
    ap_fixed<12, 7> fy;
    fy.V = sy.V;
    ratio.write((fx / fy).bits());
  }
}
