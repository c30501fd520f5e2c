// SPDX-License-Identifier: Apache-2.0
// References and pointers chosen at run time among variables and elements, swapped in a loop.
#include <hls_stream.h>
struct S {
  int x;
  short y[4];
};
void chosen(hls::stream<int>& in, hls::stream<int>& out) {
  int a[8], b[8];
  S s, t;
  for (int i = 0; i < 8; i++) {
    a[i] = in.read();
    b[i] = in.read();
  }
  s.x = in.read();
  t.x = in.read();
  for (int i = 0; i < 4; i++) {
    s.y[i] = in.read();
    t.y[i] = in.read();
  }
  int* p = a;
  int* q = b;
  for (int k = 0; k < 6; k++) {
    int c = in.read();
    if (c & 1) {
      int* h = p;
      p = q;
      q = h;
    }
    p[c >> 4 & 7] += q[c >> 8 & 7];
    S& r = (c & 2) ? s : t;
    r.x += c;
    r.y[c >> 5 & 3]++;
    S copy = (c & 4) ? s : t;
    out.write(copy.x + copy.y[2] + copy.y[c & 3]);
    int v = (c & 8) ? a[c >> 12 & 7] : b[c >> 16 & 7];
    (c & 16 ? a[1] : b[c >> 3 & 7]) = v + 1;
  }
  for (int i = 0; i < 8; i++) {
    out.write(a[i]);
    out.write(b[i]);
  }
  out.write(s.x);
  out.write(t.x);
  for (int i = 0; i < 4; i++) {
    out.write(s.y[i]);
    out.write(t.y[i]);
  }
}
