// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int a[4];
  out.write(in.read() + a[1]);  // warning: a value used here is not defined
}
