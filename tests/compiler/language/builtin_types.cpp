// SPDX-License-Identifier: Apache-2.0
// Every built-in integer type in arithmetic, and the layout of a struct of them all.
#include <ap_int.h>
#include <hls_stream.h>
#include <stddef.h>
#include <stdint.h>
struct Mix {
  bool a;
  char b;
  signed char c;
  unsigned char d;
  short e;
  unsigned short f;
  int g;
  unsigned h;
  long i;
  unsigned long j;
  long long k;
  unsigned long long l;
  wchar_t m;
  ap_int<7> n;
  ap_uint<100> o;
  ap_int<128> p;
  ap_uint<129> q;
  __int128 r;
  char16_t s;
};
template <class T>
static void one(hls::stream<int>& in, hls::stream<int>& out) {
  T a[4];
  for (int i = 0; i < 4; i++)
    a[i] = T(in.read());
  T s = a[in.read() & 3];
  s += a[1];
  s = T(s << 3);
  s = T(s >> 2);
  s = T(s * a[2]);
  if (a[3] != 0) s = T(s / a[3]);
  out.write(int(s));
  out.write(int(sizeof(T)));
  out.write(s < a[0]);
  out.write(s > 0 ? 1 : 2);
  out.write(int(T(-1) < T(0)));
  out.write(int((long long)(s) >> 32));
}
void builtin_types(hls::stream<int>& in, hls::stream<int>& out) {
  one<char>(in, out);
  one<signed char>(in, out);
  one<unsigned char>(in, out);
  one<short>(in, out);
  one<unsigned short>(in, out);
  one<int>(in, out);
  one<unsigned>(in, out);
  one<long>(in, out);
  one<unsigned long>(in, out);
  one<long long>(in, out);
  one<unsigned long long>(in, out);
  one<int8_t>(in, out);
  one<uint64_t>(in, out);
  one<size_t>(in, out);
  one<wchar_t>(in, out);
  one<char32_t>(in, out);
  out.write(sizeof(Mix));
  out.write(__builtin_offsetof(Mix, o));
  out.write(__builtin_offsetof(Mix, p));
  out.write(__builtin_offsetof(Mix, q));
  out.write(__builtin_offsetof(Mix, r));
  out.write(__builtin_offsetof(Mix, s));
  Mix m[2] = {};
  int c = in.read();
  m[c & 1].r = c;
  m[c & 1].o = c;
  m[c & 1].e = c;
  m[1].q = 5;
  m[c >> 1 & 1].p = -c;
  m[0].n = c;
  m[c & 1].a = c & 2;
  Mix w = m[c >> 2 & 1];
  m[0] = w;
  out.write(int(w.r) + w.o.to_int() + w.e + w.q.to_int() + w.p.to_int() + w.n + w.a + m[0].g);
}
