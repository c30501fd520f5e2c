// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
struct pair {
  int a, b;
};
void top(hls::stream<int>& in, hls::stream<int>& out) {
  pair p;
  p.a = in.read();
  out.write(p.a + p.b);  // warning: a value used here is not defined
}
