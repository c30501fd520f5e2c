// SPDX-License-Identifier: Apache-2.0
// Range-for over arrays of the file, which clang sees by their elements only, and over bytes in members and
// rows.
#include <hls_stream.h>
static int m[16] = {3, 1, 4, 1, 5};
static const short t[5] = {1, 2, 3, 4, 5};
struct Flags {
  short n;
  bool f[2][3];
  signed char g[4];
  char after;
};
void ranges(hls::stream<int>& in, hls::stream<int>& out) {
  int s = in.read();
  for (int v : m)
    s += v * 3;
  for (auto& v : m)
    v += s;
  for (short v : t)
    s ^= v;
  out.write(s);
  Flags flags[2] = {};
  bool grid[3][5] = {};
  short rows[2][4] = {};
  for (int n = 0; n < 8; n++) {
    int c = in.read();
    Flags& p = flags[c & 1];
    for (auto& f : p.f[n & 1])
      f ^= c >> 3 & 1;
    for (auto& g : p.g)
      g += c;
    for (signed char* g = p.g + 3; g >= p.g; g -= 2)
      *g ^= 5;
    p.after += c;
    grid[(c >> 9 & 7) % 3][(c >> 12 & 7) % 5] = c & 64;
    rows[c >> 15 & 1][c >> 16 & 3] += c;
    int all = 0;
    for (auto& row : grid)
      for (bool b : row)
        all = all * 2 + b;
    for (auto& row : rows)
      for (auto& e : row)
        all ^= e++;
    out.write(all);
    out.write(p.f[c & 1][c >> 2 & 1] + p.g[c >> 5 & 3] + 2 * p.f[1][2] + p.n + p.after);
  }
}
