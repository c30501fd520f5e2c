// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int a[4];
  for (int i = 0; i < 4; i++) a[i] = in.read();
  out.write(int((unsigned long)&a[in.read() & 3]));  // error: pointer
}
