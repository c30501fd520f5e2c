// SPDX-License-Identifier: Apache-2.0
// memcpy, memset and assignments of structs, small and large.
#include <hls_stream.h>

#include <cstring>
struct P {
  int a[100];
  short b;
  char c[5];
};
void copies(hls::stream<int>& in, hls::stream<int>& out) {
  P p, q;
  int x[200], y[200];
  unsigned char z[70];
  for (int i = 0; i < 100; i++)
    p.a[i] = in.read();
  p.b = in.read();
  for (int i = 0; i < 5; i++)
    p.c[i] = in.read();
  q = p;
  q.a[3] = 7;
  for (int i = 0; i < 200; i++)
    x[i] = q.a[i / 2] + i;
  memcpy(y, x, sizeof x);
  memcpy(y + 10, x, 40);
  memcpy(&y[50], &x[in.read() & 63], 20);
  memset(z, 0x5a, sizeof z);
  memset(x, 0, sizeof x);
  z[in.read() & 31] = 3;
  int s = 0;
  for (int i = 0; i < 200; i++) {
    s = s * 5 + y[i] + x[i];
    if (i % 20 == 0) out.write(s);
  }
  for (int i = 0; i < 70; i++)
    s += z[i] * i;
  for (int i = 0; i < 5; i++)
    s += q.c[i] * (i + 2);
  out.write(s + q.b);
  out.write(q.a[99]);
}
