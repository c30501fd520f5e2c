// SPDX-License-Identifier: Apache-2.0
#include <ap_int.h>
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  const ap_uint<8> low = -1;  // warning: this constant is not among the values of its type, and loses bits
  const ap_int<4> high = 12;  // warning: this constant is not among the values of its type, and loses bits
  out.write(in.read() + low + high);
}
