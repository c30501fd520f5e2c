// SPDX-License-Identifier: Apache-2.0
// Bits and ranges of an ap_fixed, read and written; of a constant one, read.
#include <ap_fixed.h>
#include <hls_stream.h>
typedef ap_fixed<16, 6> fx;
typedef ap_ufixed<12, 3, AP_RND, AP_SAT> ux;
typedef ap_fixed<70, 20> big;
static fx from(int w) {
  fx a;
  a.range() = w;
  return a;
}
void fixed_parts(hls::stream<int>& in, hls::stream<int>& out) {
  fx a;
  a.range(15, 0) = in.read();
  ux b;
  b(11, 0) = in.read();
  b[3] = in.read() & 1;
  b.range(7, 4) = 5;
  const fx c = from(in.read());
  out.write(a.range().to_int() + b(5, 2).to_int() + c.range(9, 3).to_int() + c[4]);
  a.range(7, 0) = c.range(15, 8);
  a[15] = a[0];
  ap_uint<28> w = (a.range(), b.range(11, 0));
  out.write(w);
  out.write(a.range(10, 5) << 2);
  out.write(a.range(10, 5) + 3);
  out.write(a(3, 0) == 5 ? 1 : 0);
  big g = a;
  g.range(69, 60) = in.read();
  out.write(g.range(69, 40).to_int());
  out.write(g(33, 2).to_int());
  fx d = a;
  d = d * b + c;
  out.write(d.range(15, 0).to_int());
  if (d[2]) out.write(d.range().xor_reduce());
  ap_uint<16> raw = d.range();
  out.write(raw);
  ap_int<16> sraw = d.range(15, 0);
  out.write(sraw);
  d.range() = raw >> 3;
  out.write((d + a).range().to_int());
}
