// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<double>& in, hls::stream<double>& out) {
  out.write(in.read() * 2);  // error: a stream of double: floating point is not supported; use ap_fixed
}
