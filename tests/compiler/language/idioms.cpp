// SPDX-License-Identifier: Apache-2.0
// Lambdas by value, overloads, defaults, enumerations, structured bindings, goto, do-while.
#include <ap_int.h>
#include <hls_stream.h>
namespace n {
struct V {
  short x, y;
  V operator+(const V& o) const { return {short(x + o.x), short(y + o.y)}; }
};
}  // namespace n
enum Op : unsigned char { ADD, SUB, MUL };
enum class Big : long { A = 1L << 40, B = -3 };
template <class F>
int apply(F f, int n) {
  int s = 0;
  for (int i = 0; i < n; i++)
    s = f(s, i);
  return s;
}
n::V mk(int a) {
  return {short(a), short(a >> 4)};
}
int over(int x) {
  return x + 1;
}
long over(long x) {
  return x * 2;
}
int dflt(int a, int b = 5, short c = -1) {
  return a * b + c;
}
static int fact(const int n) {
  int r = 1;
  for (int i = 2; i <= n; i++)
    r *= i;
  return r;
}
void idioms(hls::stream<int>& in, hls::stream<int>& out) {
  int k[6] = {1, 2, 3};
  for (int i = 0; i < 10; i++) {
    int a = in.read();
    auto g = [k, a](int s, int j) mutable {
      k[j & 3] += a;
      return s + k[j % 6];
    };
    int t = apply(g, 7);
    n::V v = mk(a) + mk(t);
    Op op = Op(unsigned(a) % 3);
    switch (op) {
      case ADD:
        t += v.x;
        break;
      case SUB:
        t -= v.y;
        break;
      default:
        t *= 3;
    }
    Big b = (a & 1) ? Big::A : Big::B;
    const auto [p, q] = v;
    out.write(t + over(a) + int(over(long(a))) + dflt(a) + dflt(a, 2) + fact(a & 7) + int(long(b) >> 4) +
              p * q);
    goto next;
    out.write(0);
  next:
    do {
      a >>= 3;
      if (a == 2) continue;
      k[a & 3 ? 4 : 5]++;
    } while (a > 1);
    out.write(k[4] - k[5]);
  }
}
