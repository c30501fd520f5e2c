// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int a[8];
  for (int i = 0; i < 8; i++) a[i] = in.read();
  out.write(a[-1]);  // error: array index -1 is before the beginning of the array
}
