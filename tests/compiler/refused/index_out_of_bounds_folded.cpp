// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
constexpr int N = 9;
static int last(const int (&a)[8], int k) { return a[k]; }  // error: index 9 is outside the array 'a'
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int a[8];
  for (int i = 0; i < 8; i++) a[i] = in.read();
  out.write(last(a, N));
}
