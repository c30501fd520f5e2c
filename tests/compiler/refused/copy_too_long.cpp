// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out, int n) {
  int a[8], b[4] = {1, 2, 3, 4};
  memcpy(a, b, sizeof(a));  // error: this copies or fills 32 bytes from byte 0 of 'b' on, which has 16
  out.write(a[n & 7] + in.read());
}
