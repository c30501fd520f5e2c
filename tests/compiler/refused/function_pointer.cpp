// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
static int twice(int x) { return 2 * x; }
static int square(int x) { return x * x; }
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int x = in.read();
  int (*f)(int) = x & 1 ? twice : square;
  out.write(f(x));  // error: called through a pointer
}
