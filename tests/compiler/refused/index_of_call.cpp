// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
static void mark(int* p) { p[8] = 3; }  // error: index 8 is outside the array 'a', which has 8 elements
void top(hls::stream<int>& in, hls::stream<int>& out, int n) {
  int a[8];
  for (int i = 0; i < 8; i++) a[i] = in.read();
  mark(a);
  out.write(a[n & 7]);
}
