// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  out.write(in.read());
  return;
  out.write(1);  // warning: code will never be executed
}
