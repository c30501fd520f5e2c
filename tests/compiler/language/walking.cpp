// SPDX-License-Identifier: Apache-2.0
// Pointers that walk over arrays: forwards, backwards, compared, subtracted.
#include <hls_stream.h>
void walking(hls::stream<int>& in, hls::stream<int>& out) {
  int a[16];
  short b[8];
  int s = 0;
  for (int i = 0; i < 16; i++)
    a[i] = in.read();
  for (int i = 0; i < 8; i++)
    b[i] = in.read();
  for (const int* p = a; p != a + 16; p++)
    s += *p;
  out.write(s);
  const int* e = a + 15;
  while (e > a) {
    s = s * 3 + *e;
    e -= 2;
  }
  out.write(s);
  out.write(int(e - a));
  short* q = &b[7];
  for (int i = 0; i < 8; i++)
    *q-- += i;
  for (int i = 0; i < 8; i++)
    out.write(b[i]);
}
