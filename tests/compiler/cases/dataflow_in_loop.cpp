// SPDX-License-Identifier: Apache-2.0
#include <ap_int.h>
#include <hls_stream.h>
static void ld(hls::stream<ap_int<16>>& in, ap_int<16> (&t)[16]) { for (int i = 0; i < 16; i++) t[i] = in.read(); }
static void cp(ap_int<16> (&t)[16], ap_int<16> (&u)[16]) { for (int i = 0; i < 16; i++) u[i] = t[15 - i] * 3; }
static void st(ap_int<16> (&u)[16], hls::stream<ap_int<16>>& out) { for (int i = 0; i < 16; i++) out.write(u[i]); }
void dataflow_in_loop(hls::stream<ap_int<16>>& in, hls::stream<ap_int<16>>& out, int n) {
  for (int k = 0; k < n; k++) {
#pragma HLS DATAFLOW  // error: stands in the loop of line 8, and only the body of a function
    ap_int<16> t[16], u[16];
    ld(in, t); cp(t, u); st(u, out);
  }
}
