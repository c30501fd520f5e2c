// SPDX-License-Identifier: Apache-2.0
// Classes with state, inheritance, bit fields, a union, a lambda that captures by reference.
#include <ap_int.h>
#include <hls_stream.h>
template <int N>
class Fifo {
  int data[N];
  unsigned char head = 0, tail = 0;

 public:
  Fifo() {
    for (int i = 0; i < N; i++)
      data[i] = 0;
  }
  void push(int x) {
    data[head] = x;
    head = (head + 1) % N;
  }
  int pop() {
    int x = data[tail];
    tail = (tail + 1) % N;
    return x;
  }
  int& at(int i) { return data[i]; }
};
struct Base {
  int h[4];
  int sum();
};
int Base::sum() {
  int s = 0;
  for (int i = 0; i < 4; i++)
    s += h[i];
  return s;
}
struct Derived : Base {
  int g[4];
  void fill(int x) {
    for (int i = 0; i < 4; i++) {
      h[i] = x + i;
      g[i] = x * i;
    }
  }
};
union U {
  int i;
  unsigned short s[2];
};
struct Bits {
  unsigned a : 3;
  int b : 7;
  unsigned c : 22;
};
void members(hls::stream<int>& in, hls::stream<int>& out) {
  Fifo<5> f;
  Derived d;
  Bits bits[4] = {};
  for (int n = 0; n < 10; n++) {
    int c = in.read();
    f.push(c);
    f.at(c & 3) += 2;
    d.fill(c >> 2);
    d.g[c & 3] = 5;
    auto add = [&](int k) {
      d.h[k & 3] += k;
      return f.at(k & 1);
    };
    out.write(f.pop() + add(c >> 5) + d.sum() + d.g[c >> 9 & 3]);
    bits[c & 3].a = c >> 4;
    bits[c & 3].b = c >> 7;
    bits[c & 3].c += 9;
    out.write(bits[c >> 3 & 3].a + bits[c >> 5 & 3].b + bits[c & 3].c);
    U u;
    u.i = c;
    out.write(u.s[1] + u.s[0]);
  }
}
