// SPDX-License-Identifier: Apache-2.0
#include <ap_int.h>
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  ap_int<8> x = in.read();
  out.write(x / 0);  // warning: the result of a division by zero is not defined
}
