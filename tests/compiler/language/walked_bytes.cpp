// SPDX-License-Identifier: Apache-2.0
// Pointers that walk over arrays of single bytes.
#include <ap_int.h>
#include <hls_stream.h>
#include <stdint.h>
struct mixed {
  char a;
  int b;
  char c[3];
};
void walked_bytes(hls::stream<ap_uint<32>>& in, hls::stream<ap_uint<32>>& out) {
  bool m[8];
  uint8_t n[4];
  mixed s[3];
  for (int i = 0; i < 8; i++)
    m[i] = in.read() & 1;
  for (int i = 0; i < 4; i++)
    n[i] = in.read();
  for (int i = 0; i < 3; i++) {
    s[i].a = in.read();
    s[i].b = in.read();
    for (int j = 0; j < 3; j++)
      s[i].c[j] = in.read();
  }
  for (int r = 0; r < 4; r++) {
    unsigned t = in.read();
    const bool* p = m;
    for (int i = 0; i < 8; i++)
      t = t * 3 + *p++;
    uint8_t* q = n + 3;
    for (int i = 0; i < 4; i++)
      t = t * 3 + (*q--)++;
    const mixed* w = s;
    for (int i = 0; i < 3; i++, w++)
      t = t * 5 + w->a * 7 + w->b + w->c[t % 3];
    const char* c = s[t % 3].c;
    for (int i = 0; i < 3; i++)
      t = t * 3 + *c++;
    const bool* e = (t & 1) ? m : m + 4;
    t = t * 3 + e[0] + e[2] * 3;
    const mixed* z = (t & 1) ? &s[2] : &s[0];
    out.write(t + z->b + z->a + z->c[1]);
  }
  for (int r = 0; r < 4; r++) {
#pragma HLS PIPELINE II = 4
    unsigned t = in.read();
    const bool* p = m;
    for (int i = 0; i < 8; i++)
      t = t * 3 + *p++;
    const uint8_t* q = n;
    for (int i = 0; i < 4; i++)
      t = t * 3 + *q++;
    out.write(t);
  }
}
