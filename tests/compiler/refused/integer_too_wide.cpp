// SPDX-License-Identifier: Apache-2.0
#include <ap_int.h>
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  ap_int<5000> x = in.read();  // error: 4096
  out.write(x);
}
