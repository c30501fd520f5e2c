// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out, int n) {
  int a[8];
  for (int i = 0; i < 8; i++) a[i] = in.read();
  int* p = a;
  p += 9;
  *p = 5;  // error: index 9 is outside the array 'a', which has 8 elements
  out.write(a[n & 7]);
}
