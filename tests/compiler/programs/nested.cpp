// SPDX-License-Identifier: Apache-2.0
// Nested loops whose bounds depend on outer indices, around a two-dimensional memory.
#include <ap_int.h>
#include <hls_stream.h>

constexpr int kN = 8;

void nested(hls::stream<ap_int<16>>& in, hls::stream<ap_int<40>>& out) {
  ap_int<16> m[kN][kN];
READ:
  for (int i = 0; i < kN; i++) {
    for (int j = 0; j < kN; j++)
      m[i][j] = in.read();
  }
  ap_int<40> total = 0;
LOWER:
  for (int i = 0; i < kN; i++) {
    for (int j = 0; j <= i; j++) {
      if ((i ^ j) & 1) {
        total += m[i][j] * m[j][i];
      } else {
        total -= m[j][kN - 1 - i];
      }
      for (int k = j; k < i; k += 2)
        total ^= m[k][j];
    }
    out.write(total);
  }
}
