// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out, int n) {
  int a[8];
  int* p = a;
  for (int i = 0; i < 9; i++) *p++ = in.read();  // error: this reaches element 8 of 'a', which has 8
  out.write(a[n & 7]);
}
