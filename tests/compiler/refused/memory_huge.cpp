// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  static int a[1 << 28];
  for (int i = 0; i < 8; i++) a[in.read()] = i;  // error: the array 'a' has 8,589,934,592 bits; the limit is 268,435,456
  out.write(a[in.read()]);
}
