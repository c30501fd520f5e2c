// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out, int n) {
  int a[8], b[8];
  for (int i = 0; i < 8; i++) a[i] = b[i] = in.read();
  int* p = n > 3 ? a : b;
  p += 8;
  *p = 3;  // error: index 8 is outside the array 'a', which has 8 elements
  out.write(a[n & 7] + b[n & 7]);
}
