// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  float x = in.read();  // error: floating point at run time is not supported; use integers or ap_fixed
  out.write(int(x * 1.5f));
}
