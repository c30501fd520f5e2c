// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  static int a[1 << 28];  // error: the array 'a' has
  for (int i = 0; i < 8; i++) a[in.read()] = i;
  out.write(a[in.read()]);
}
