// SPDX-License-Identifier: Apache-2.0
// Structs of arrays of structs with wide integers and vectors, returned, copied, passed by reference.
#include <ap_int.h>
#include <hls_stream.h>
#include <hls_vector.h>
struct Inner {
  ap_uint<130> w;
  bool f;
  char c[3];
};
struct Outer {
  ap_int<5> k;
  Inner in[4];
  long total;
  hls::vector<short, 4> v[2];
};
static Outer init() {
  Outer o = {};
  o.k = 3;
  o.in[1].c[2] = 9;
  return o;
}
static void touch(Inner& x, int i) {
  x.c[i % 3] += i;
  x.w += i;
  x.f = !x.f;
}
void nested(hls::stream<int>& in, hls::stream<int>& out) {
  Outer o[3];
  for (int i = 0; i < 3; i++)
    o[i] = init();
  for (int n = 0; n < 12; n++) {
    int c = in.read();
    int i = (c & 3) % 3, j = c >> 2 & 3;
    touch(o[i].in[j], c >> 4 & 15);
    o[i].total += c;
    o[i].v[c >> 8 & 1][c >> 9 & 3] = c >> 11;
    Outer t = o[i];
    o[(i + 1) % 3] = t;
    o[i].in[(j + 1) & 3] = o[(i + 2) % 3].in[j];
    out.write(t.in[j].w.to_int() + t.in[j].c[1] + t.in[j].f);
  }
  for (int i = 0; i < 3; i++) {
    out.write(int(o[i].total));
    out.write(o[i].k);
    for (int j = 0; j < 4; j++) {
      out.write(o[i].in[j].w.to_int());
      out.write(o[i].in[j].f);
      for (int k = 0; k < 3; k++)
        out.write(o[i].in[j].c[k]);
    }
    for (int j = 0; j < 2; j++)
      for (int k = 0; k < 4; k++)
        out.write(o[i].v[j][k]);
  }
}
