// SPDX-License-Identifier: Apache-2.0
// Range-for over arrays of the file, which clang sees by their elements only.
#include <hls_stream.h>
static int m[16] = {3, 1, 4, 1, 5};
static const short t[5] = {1, 2, 3, 4, 5};
void ranges(hls::stream<int>& in, hls::stream<int>& out) {
  int s = in.read();
  for (int v : m)
    s += v * 3;
  for (auto& v : m)
    v += s;
  for (short v : t)
    s ^= v;
  out.write(s);
}
