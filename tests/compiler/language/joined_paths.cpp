// SPDX-License-Identifier: Apache-2.0
// Pointers to members of one array of structs, chosen at several levels.
#include <ap_int.h>
#include <hls_stream.h>
struct inner {
  short a;
  int b[4];
};
struct outer {
  char x;
  inner in[3];
  int t[2][3];
};
void joined_paths(hls::stream<ap_uint<32>>& in, hls::stream<ap_uint<32>>& out) {
  outer o[4];
  for (int i = 0; i < 4; i++) {
    o[i].x = in.read();
    for (int j = 0; j < 3; j++) {
      o[i].in[j].a = in.read();
      for (int k = 0; k < 4; k++)
        o[i].in[j].b[k] = in.read();
    }
    for (int j = 0; j < 2; j++)
      for (int k = 0; k < 3; k++)
        o[i].t[j][k] = in.read();
  }
  for (int r = 0; r < 8; r++) {
    unsigned t = in.read();
    bool c = t & 1, d = t & 2, e = t & 4;
    out.write(o[c].in[d].b[e]);
    out.write(o[c ? 3 : 1].in[d ? 2 : 0].a + o[c || d].t[e][c ? 2 : 0]);
    inner* p = c ? &o[2].in[1] : &o[1].in[d ? 2 : 0];
    out.write(p->b[e] + p->a);
    p->b[c ? 2 : 3] = t;
    const int* w = c ? o[d].in[0].b : o[2].in[e].b;
    for (int k = 0; k < 4; k++)
      t = t * 3 + *w++;
    out.write(t);
    const int* z = e ? (c ? &o[0].t[1][1] : &o[3].t[0][d]) : &o[1].in[2].b[2];
    out.write(*z);
  }
}
