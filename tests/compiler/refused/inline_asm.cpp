// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int x = in.read();
  asm volatile("nop");  // error: assembly
  out.write(x);
}
