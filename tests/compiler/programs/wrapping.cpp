// SPDX-License-Identifier: Apache-2.0
// Counters that wrap around long before their loop ends: the same elements come back after four iterations.
#include <ap_int.h>
#include <hls_stream.h>

void wrapping(hls::stream<ap_uint<16>>& in, hls::stream<ap_uint<16>>& out, ap_uint<8> count) {
  ap_uint<16> apart[256], close[8];
CLEAR:
  for (int k = 0; k < 256; k++) {
    apart[k] = k;
    close[k & 7] = k;
  }
  unsigned char far = 3;  // 3, 67, 131, 195, 3, ...
  ap_uint<3> near = 6;    // 6, 4, 2, 0, 6, ...
STEP:
  for (ap_uint<8> n = 0; n < count; n++) {
#pragma HLS PIPELINE II=1
    ap_uint<16> x = in.read();
    ap_uint<16> a = (apart[far] * x + n) * x;
    apart[far] = a;
    far += 64;
    ap_uint<16> b = (close[near] * a + x) * a;
    close[near] = b;
    near -= 2;
    out.write(b);
  }
}
