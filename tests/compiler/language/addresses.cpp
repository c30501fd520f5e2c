// SPDX-License-Identifier: Apache-2.0
// Pointers chosen among members and rows of one variable, parts of wider elements, overlapping moves,
// differences.
#include <hls_stream.h>

#include <cstring>
struct Pair {
  int x[4];
  int y[4];
  short z;
  short h[2];
};
union Parts {
  unsigned u;
  unsigned char b[4];
  unsigned short h[2];
};
struct Box {
  Parts w[2];
  int n;
};
void addresses(hls::stream<int>& in, hls::stream<int>& out) {
  Pair p = {};
  int rows[3][4] = {};
  Box box = {};
  for (int n = 0; n < 12; n++) {
    int c = in.read();
    int* q = (c & 1) ? p.x : p.y;
    q[c >> 1 & 3] += c;
    int* r = (c & 8) ? rows[1] : rows[2];
    r[c >> 4 & 3] ^= c;
    int* first = (c & 64) ? &p.x[1] : &p.y[2];
    *first += n;
    first[1] ^= c;
    int* second = &rows[0][c & 1];
    second[2] += n - *second;
    Parts& w = box.w[c >> 2 & 1];
    w.b[2] = c >> 9;
    w.h[0] += 3;
    box.n += w.b[1];
    out.write(box.w[c >> 5 & 1].u + box.n);
    int both;
    p.h[c >> 6 & 1] = c >> 2;
    memcpy(&both, p.h, sizeof both);
    out.write(both);
    memmove(p.x + 1, p.x, 3 * sizeof(int));
    const int* e = &p.y[c >> 12 & 3];
    const int* f = &p.y[c >> 14 & 3];
    out.write(int(f - e) * 5 + (e < f) + 2 * (e == f));
    const int* before = &p.x[c & 1] - 1;
    out.write((before < &p.x[c >> 24 & 1]) + 2 * (before >= p.x));
    p.z += p.x[c >> 16 & 3] - p.y[c >> 18 & 3];
    out.write(p.z + rows[(c >> 20 & 3) % 3][c >> 22 & 3]);
  }
  for (int i = 0; i < 4; i++)
    out.write(p.x[i] ^ p.y[i] ^ rows[0][i] ^ rows[1][i] ^ rows[2][i]);
}
