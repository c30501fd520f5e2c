// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int a[8];
  for (int i = 0; i <= 8; i++) a[i] = in.read();  // error: this reaches element 8 of 'a', which has 8
  out.write(a[3]);
}
