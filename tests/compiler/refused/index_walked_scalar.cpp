// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int x = in.read();
  int* p = &x;
  p++;
  *p = 4;  // error: this reaches byte 4 of 'x', which has 4
  out.write(x);
}
