// SPDX-License-Identifier: Apache-2.0
#include <ap_fixed.h>
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  ap_uint<4> x = in.read();
  if (x == 3) x = 17;  // warning: this constant is not among the values of its type, and loses bits
  ap_fixed<8, 4> y = 100;  // warning: this constant is not among the values of its type, and loses bits
  if (x > 3) y = 7;
  out.write(x + y.range(7, 0));
}
