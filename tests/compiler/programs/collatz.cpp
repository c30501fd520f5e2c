// SPDX-License-Identifier: Apache-2.0
// Data-dependent while loops, one of them with a break in its middle.
#include <ap_int.h>
#include <hls_stream.h>

void collatz(hls::stream<ap_uint<16>>& in, hls::stream<ap_uint<24>>& steps, ap_uint<8> count) {
EACH:
  for (int i = 0; i < count; i++) {
    ap_uint<40> v = in.read();
    ap_uint<24> n = 0;
  WALK:
    while (v > 1) {
      if (n == 300) break;
      v = v[0] ? ap_uint<40>(v * 3 + 1) : ap_uint<40>(v >> 1);
      n++;
    }
    steps.write(n);
  }
}
