// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
struct pair {
  int a, b;
};
static int second(pair p) { return p.b; }
void top(hls::stream<int>& in, hls::stream<int>& out) {
  pair p;
  p.a = in.read();
  out.write(p.a + second(p));  // warning: a value used here is not defined: 'p'
}
