// SPDX-License-Identifier: Apache-2.0
// memset with a byte known only at run time, of arrays of bytes and of wider elements.
#include <hls_stream.h>

#include <cstring>
struct Mixed {
  short a[9];
  int n;
  unsigned char b[3];
};
void fills(hls::stream<int>& in, hls::stream<int>& out) {
  unsigned char z[20];
  short w[9];
  memset(z, in.read(), sizeof z);
  memset(w, in.read(), sizeof w);
  z[in.read() & 15] = 3;
  int s = 0;
  for (int i = 0; i < 20; i++)
    s = s * 3 + z[i];
  for (int i = 0; i < 9; i++)
    s = s * 3 + w[i];
  out.write(s);
  Mixed m;
  memset(&m, in.read(), sizeof m);
  out.write(m.a[in.read() & 7] * 3 + m.n + m.b[2]);
  memset(m.a, 0x35, sizeof m.a);
  out.write(m.a[in.read() & 7] + m.n);
}
