// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<double>& in, hls::stream<double>& out) {
  out.write(in.read() * 2);  // error: floating point
}
