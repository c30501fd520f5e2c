// SPDX-License-Identifier: Apache-2.0
// An argument of a module that is not used, and two of which only the low bits are.
#include <hls_stream.h>

static short narrow(unsigned short x, long y, unsigned char z) {
#pragma HLS INLINE off
  return -77 << ((x | y) & 31);
}

void module_narrow_argument(hls::stream<int>& in, hls::stream<int>& out, int count) {
  for (int i = 0; i < count; i++) {
    const int x = in.read();
    out.write(narrow(x, x, 3));
  }
}
