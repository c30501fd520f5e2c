// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>

struct pair {
  unsigned char a[4];
  unsigned char b[4];
};

void static_member_only_read(hls::stream<int>& in, hls::stream<int>& out, int count) {
  static pair p = {{1, 2, 3, 4}};
  for (int i = 0; i < count; i++) {
    const int x = in.read();
    p.a[x & 3] += x;
    out.write(p.a[i & 3] + p.b[x & 3]);
  }
}
