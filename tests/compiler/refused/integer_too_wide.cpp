// SPDX-License-Identifier: Apache-2.0
#include <ap_int.h>
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  ap_int<5000> x = in.read();  // error: ap_int and ap_uint have 1 to 4096 bits
  out.write(x);
}
