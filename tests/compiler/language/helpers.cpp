// SPDX-License-Identifier: Apache-2.0
// Helpers that take arrays, rows and pointers, return references; state in globals; a list linked by indices.
#include <ap_int.h>
#include <hls_stream.h>
struct Acc {
  int total;
  int count;
  void add(int x) {
    total += x;
    count++;
  }
};
static Acc global_acc = {100, 3};
const int kN = 6;
static int rows[kN][4] = {{1, 2}, {3}};
struct Node {
  int value;
  int next;
};
template <class T, int N>
struct Ring {
  T d[N];
  int head;
  T& operator[](int i) { return d[(head + i) % N]; }
};
static void rot(int (&x)[4]) {
  int t = x[0];
  for (int i = 0; i < 3; i++)
    x[i] = x[i + 1];
  x[3] = t;
}
static int sum2(const int* p, int n) {
  int s = 0;
  while (n--)
    s += *p++;
  return s;
}
static void addrow(int m[][4], int r, int v) {
  for (int i = 0; i < 4; i++)
    m[r][i] += v;
}
static int* pick(int* a, int* b, bool c) {
  return c ? a : b;
}
void helpers(hls::stream<int>& in, hls::stream<int>& out) {
  Node nodes[8];
  Ring<short, 5> ring = {};
  ap_uint<12> bits[3] = {1, 2, 3};
  bool flags[7] = {};
  for (int i = 0; i < 8; i++) {
    nodes[i].value = in.read();
    nodes[i].next = (i * 3 + 1) & 7;
  }
  int at = 0;
  for (int i = 0; i < 10; i++) {
    int c = in.read();
    Node& n = nodes[at];
    n.value += c;
    at = n.next;
    ring[c & 7] = short(c);
    ring.head = (ring.head + 1) % 5;
    global_acc.add(c);
    rot(rows[(c & 7) % kN]);
    addrow(rows, (c >> 3 & 7) % kN, c >> 20);
    bits[i % 3] = (bits[(i + 1) % 3], ap_uint<4>(c));
    flags[i % 7] = !flags[(c & 7) % 7];
    int x[4] = {c, c + 1, c + 2, c + 3}, y[4] = {};
    *pick(&x[1], y, c & 1) += 5;
    pick(x, y, c & 2)[c >> 2 & 3] -= 7;
    int* ptrs = (c & 4) ? x : y;
    out.write(n.value + ring[2] + global_acc.total * global_acc.count + sum2(rows[i % kN], 4) +
              sum2(&x[1], 3) + ptrs[c >> 5 & 3] + bits[c & 1].to_int() + flags[3]);
  }
}
