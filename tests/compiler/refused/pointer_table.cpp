// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int a[8], b[8];
  for (int i = 0; i < 8; i++) a[i] = in.read();
  for (int i = 0; i < 8; i++) b[i] = in.read();
  int* table[2] = {a, b};  // error: an address is kept in memory here, in an array or a struct
  out.write(table[in.read() & 1][3]);
}
