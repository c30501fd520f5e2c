// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int a[8];
  for (int i = 0; i < 7; i++) a[i] = in.read();
  out.write(a[7]);  // warning: element 7 of 'a' is read here, and nothing ever writes it
}
