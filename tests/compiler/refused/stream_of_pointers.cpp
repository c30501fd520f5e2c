// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int*>& in, hls::stream<int>& out) {
  out.write(*in.read());  // error: a stream of int *: an element is an integer, ap_int, ap_fixed, an enumeration
}
