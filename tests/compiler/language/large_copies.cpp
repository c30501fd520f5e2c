// SPDX-License-Identifier: Apache-2.0
// Arrays too large to be cleared and copied element by element: loops, also over rows, structs and vectors.
#include <hls_stream.h>
#include <hls_vector.h>

#include <cstring>
struct P {
  int a;
  short v[3];
};
void large_copies(hls::stream<int>& in, hls::stream<int>& out) {
  int reg[100] = {};
#pragma HLS ARRAY_PARTITION variable = reg complete
  int ram[100] = {};
  int two[80][3] = {};
  int big[70][40];
  memset(big, in.read(), sizeof(big));
  P ps[90] = {};
  P qs[90];
  for (int i = 0; i < 90; i++) {
    ps[i].a = in.read();
    ps[i].v[i % 3] = i;
  }
  memcpy(qs, ps, sizeof(ps));
  for (int i = 0; i < 100; i++) {
    reg[in.read() & 63] += i;
    ram[i] += in.read();
    two[i % 80][i % 3] += i;
  }
  int copy[100];
  memcpy(copy, ram, sizeof(ram));
  int rows[80][3];
  memcpy(rows, two, sizeof(two));
  for (int i = 0; i < 100; i++) {
    out.write(reg[i]);
    out.write(copy[i]);
    out.write(rows[i % 80][i % 3]);
    out.write(big[i % 70][i % 40]);
  }
  for (int i = 0; i < 90; i++) {
    out.write(qs[i].a);
    out.write(qs[i].v[i % 3]);
    out.write(qs[i].v[(i + 1) % 3]);
  }
  hls::vector<int, 8> vs[70] = {};
  for (int i = 0; i < 70; i++)
    out.write(vs[i][i & 7]);
}
