// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out, int n) {
  int a[n];  // error: the size of an array must be a constant
  for (int i = 0; i < n; i++) a[i] = in.read();
  for (int i = 0; i < n; i++) out.write(a[n - 1 - i]);
}
