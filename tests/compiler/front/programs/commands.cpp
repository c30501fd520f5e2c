// SPDX-License-Identifier: Apache-2.0
// A command loop with a switch, fixed-latency modules (one a template), a static variable, pipelined loops in
// cases.
#include <ap_int.h>
#include <hls_stream.h>
static int step(int s, int x) {
#pragma HLS INLINE off
  int r = s * 3 + x;
  return r < 0 ? -r : r ^ 5;
}
template <int N>
static ap_int<40> poly(const hls::vector<ap_int<12>, N>& c, ap_int<12> x) {
#pragma HLS INLINE off
  ap_int<40> s = 0;
  for (int i = N - 1; i >= 0; i--)
    s = ap_int<40>(s * x + c[i]);
  return s;
}
void commands(hls::stream<ap_int<12>>& in, hls::stream<ap_int<40>>& out, hls::stream<int>& log) {
  bool more = true;
  int s = 7;
  static int runs = 0;
  runs++;
  while (more) {
    ap_int<12> op = in.read();
    switch (int(op & 7)) {
      case 0:
        more = false;
        break;
      case 1: {
        hls::vector<ap_int<12>, 3> c;
        for (int i = 0; i < 3; i++)
          c[i] = in.read();
        out.write(poly<3>(c, op));
        break;
      }
      case 2:
        for (int i = 0; i < 5; i++) {
#pragma HLS PIPELINE II = 1
          s = step(s, in.read());
        }
        break;
      case 3: {
        int k = 0;
        while (true) {
#pragma HLS PIPELINE II = 1
          ap_int<12> v = in.read();
          k++;
          if (v > 0 || k == 9) break;
          s += v;
        }
        log.write(k);
        break;
      }
      case 4:
        log.write(s / 7 + s % 13);
        break;
      default: {
        ap_int<12> t[8];
        for (int i = 0; i < 8; i++)
          t[i] = ap_int<12>(op * i);
        ap_int<12> m = t[0];
        for (int i = 1; i < 8; i++)
          if (t[i] > m) m = t[i];
        log.write(m);
      }
    }
  }
  log.write(s);
  log.write(runs);
}
