// SPDX-License-Identifier: Apache-2.0
// A pointer that walks over an array of single bytes.
#include <ap_int.h>
#include <hls_stream.h>
#include <stdint.h>

void bytes_walked(hls::stream<uint8_t>& in, hls::stream<ap_uint<64>>& out, int count) {
  bool m[8];
  uint8_t n[4];
  for (int i = 0; i < 8; i++)
    m[i] = (i * 5) & 2;
  for (int i = 0; i < 4; i++)
    n[i] = i * 91;
  for (int round = 0; round < count; round++) {
    const uint8_t x = in.read();
    m[x & 7] = x & 8;
    n[(x >> 4) & 3] += x;
    unsigned t = 8;
    const bool* p = m;
    for (int i = 0; i < 8; i++)
      t = t * 3 + (unsigned)(*p++);
    const uint8_t* q = n;
    for (int i = 0; i < 4; i++)
      t = t * 3 + (unsigned)(*q++);
    out.write(ap_uint<64>(t));
  }
}
