// SPDX-License-Identifier: Apache-2.0
// Objects with static members, operators, templates that recurse over arrays, unions, range-for.
#include <ap_int.h>
#include <hls_stream.h>
union Word {
  float f;
  unsigned u;
  unsigned char b[4];
};
struct Pt {
  int x, y;
};
static Pt operator-(Pt a, Pt b) {
  return {a.x - b.x, a.y - b.y};
}
class Counter {
  int n;
  static int made;

 public:
  Counter(int s) : n(s) { made++; }
  int next() { return n += made; }
};
int Counter::made = 4;
template <int N>
int fold(const int (&a)[N]) {
  if constexpr (N == 1)
    return a[0];
  else {
    int b[N - 1];
    for (int i = 0; i < N - 1; i++)
      b[i] = a[i] ^ (a[i + 1] << 1);
    return fold(b);
  }
}
static int tern(int a) {
  return a > 0 ? a : a < -5 ? -a : 0;
}
void objects(hls::stream<int>& in, hls::stream<int>& out) {
  Counter k(3);
  Pt best = {0, 0};
  Pt track[4][3] = {};
  for (int i = 0; i < 9; i++) {
    int c = in.read();
    Word w;
    w.u = c;
    Pt p = {c >> 3, c & 15};
    Pt d = p - best;
    if (d.x > d.y) best = p;
    track[c & 3][(c >> 2 & 3) % 3] = d;
    auto& row = track[c >> 4 & 3];
    for (auto& e : row)
      e.x += i;
    int a[5] = {c, 1, 2, c * 3, i};
    unsigned long long big = (unsigned long long)c * 0x100000001ULL;
    out.write(w.b[2] + k.next() + best.x + row[1].y + row[2].x + fold(a) + tern(c) + int(big >> 31) +
              __builtin_popcount(c));
  }
}
