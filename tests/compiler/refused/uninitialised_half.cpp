// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int a[8];
  for (int i = 0; i < 4; i++) a[i] = in.read();
  for (int i = 0; i < 8; i++) out.write(a[i]);  // warning: element 4 of 'a' is read here, and nothing ever writes it
}
