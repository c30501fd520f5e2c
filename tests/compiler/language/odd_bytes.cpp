// SPDX-License-Identifier: Apache-2.0
// Three, five, six or seven bytes at once, which LLVM makes one integer: over whole elements and over a part
// of one.
#include <hls_stream.h>
#include <stdint.h>
#include <string.h>
struct seven {
  uint16_t a, b, c;
  uint8_t d, e;
};
static void bytes(hls::stream<int>& in, hls::stream<int>& out, int at) {
  uint8_t zero[8] = {};
  uint8_t few[8], many[16];
  uint16_t halves[8];
  for (int i = 0; i < 8; i++)
    few[i] = in.read() | 1;
  for (int i = 0; i < 16; i++)
    many[i] = in.read() | 1;
  for (int i = 0; i < 8; i++)
    halves[i] = in.read() | 257;
  memcpy(few + 1, zero, 6);
  memcpy(many + 1, zero, 6);
  memcpy(many + 9, zero, 3);
  memset(many + 13, 255, 3);
  memcpy(halves + 2, zero, 6);
  for (int i = 0; i < 8; i++)
    out.write(few[(i + at) & 7]);
  for (int i = 0; i < 16; i++)
    out.write(many[(i + at) & 15]);
  for (int i = 0; i < 8; i++)
    out.write(halves[(i + at) & 7]);
}
static void parts(hls::stream<int>& in, hls::stream<int>& out) {
  uint8_t zero[8] = {};
  uint32_t words[3];
  uint64_t longs[3];
  for (int i = 0; i < 3; i++)
    words[i] = in.read() | 0x10101010u;
  for (int i = 0; i < 3; i++)
    longs[i] = in.read() * 0x0101010101010101ull | 0x1010101010101010ull;
  memcpy(&words[1], zero, 3);
  memcpy(&longs[1], zero, 6);
  memcpy(&longs[2], zero, 5);
  for (int i = 0; i < 3; i++)
    out.write(words[i]);
  for (int i = 0; i < 3; i++) {
    out.write(longs[i]);
    out.write(longs[i] >> 32);
  }
}
void odd_bytes(hls::stream<int>& in, hls::stream<int>& out) {
  const int at = in.read() & 15;
  bytes(in, out, at);
  parts(in, out);
  uint8_t from[16], to[16];
  for (int i = 0; i < 16; i++)
    from[i] = in.read();
  for (int i = 0; i < 16; i++)
    to[i] = in.read();
  memcpy(to + 3, from + (at & 7), 6);
  memcpy(to + 10, from + (at & 3), 3);
  memcpy(from + 1, to + 2, 7);
  for (int i = 0; i < 16; i++)
    out.write(from[i] << 8 | to[i]);
  seven s = {1, 2, 3, 4, 5};
  s.a += in.read();
  memset(&s, 0, 7);
  s.e += in.read();
  out.write(s.a + s.b + s.c + s.d);
  out.write(s.e);
}
