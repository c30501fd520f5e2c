// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int a[8], s = 0;
  for (int i = 0; i < 8; i++) a[i] = in.read();
  for (int i = 0; i < 8; i++) {
#pragma HLS PIPELINE II=2
    s += a[i] - a[i + 1];  // error: this reaches element 8 of 'a', which has 8
  }
  out.write(s);
}
