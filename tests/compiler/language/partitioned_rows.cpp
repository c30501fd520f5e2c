// SPDX-License-Identifier: Apache-2.0
// Partitioned arrays of rows: indices that share a variable, chosen rows, pointers along and across rows,
// lanes, ROMs.
#include <ap_int.h>
#include <hls_stream.h>
#include <hls_vector.h>
static int total(const int* row, int n) {
  int s = 0;
  for (int k = 0; k < n; k++)
    s += row[k] * (k + 1);
  return s;
}
struct pair {
  ap_int<12> a[3];
  short b;
};
static const ap_int<9> kRom[3][5] = {{1, 2, 3, 4, 5}, {-6, 7, 8, 9, 10}, {11, -12, 13, 14, 15}};
void partitioned_rows(hls::stream<ap_uint<32>>& in, hls::stream<ap_uint<32>>& out) {
  int m[3][6];
#pragma HLS ARRAY_PARTITION variable = m complete dim = 2
  int p[4][4];
#pragma HLS ARRAY_PARTITION variable = p complete dim = 0
#pragma HLS ARRAY_PARTITION variable = kRom complete dim = 2
  pair s[4];
#pragma HLS ARRAY_PARTITION variable = s complete dim = 1
  hls::vector<ap_int<10>, 4> v[6];
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 6; j++)
      m[i][j] = i * 4 + j + in.read();
  int* q = &p[0][0];
  for (int k = 0; k < 16; k++) {
#pragma HLS UNROLL
    q[k] = in.read() + k;
  }
  for (int i = 0; i < 4; i++) {
    s[i].b = in.read();
    for (int j = 0; j < 3; j++)
      s[i].a[j] = in.read();
  }
  for (int i = 0; i < 6; i++)
    for (int j = 0; j < 4; j++)
      v[i][j] = in.read();
  for (int r = 0; r < 8; r++) {
    unsigned i = in.read() % 3;
    unsigned j = in.read() % 6;
    bool c = in.read() & 1;
    out.write(total(m[i], 6));
    out.write(total(m[2], j));
    out.write(total(m[0], 6));
    out.write(total(&m[0][0], 18));
    const int* w = &m[0][0];
    out.write(w[j * 3]);
    out.write(*(w + 7 + j));
    for (const int* e = w; e != w + 18; e++)
      out.write(*e);
    out.write(q[i * 4 + j]);
    out.write(p[1][c ? 0 : 3] + p[c ? 1 : 2][2] + p[c ? 3 : 0][c ? 2 : 1]);
    out.write(kRom[i][(j + 4) % 5]);
    if (j > 1) out.write(kRom[1][j - 2] + kRom[2][j - 1]);
    out.write(s[i + 1].a[i]);
    out.write(s[3].a[2 - i]);
    if (i) out.write(s[1].a[i - 1] + s[i].b);
    if (i) out.write(v[3][i - 1] + v[j][i]);
    out.write(v[i][i]);
    v[i + 2][3 - i] += 3;
    m[2][5 - j] += 1;
    if (i) p[1][i - 1] ^= 5, p[2][i + 1] = 4;
  }
}
