// SPDX-License-Identifier: Apache-2.0
// Whether a sum, difference or product overflows, asked in the ways that LLVM knows; saturation; comparing three ways.
#include <ap_int.h>
#include <hls_stream.h>
#include <stdint.h>
template <typename T>
static bool overflows(T a, T b) {
  return b != 0 && (T)(a * b) / b != a;
}
template <typename T>
static void asked(hls::stream<int>& out, T a, T b) {
  T made;
  out.write(__builtin_add_overflow(a, b, &made) ? 1 : (int)made);
  out.write(__builtin_sub_overflow(a, b, &made) ? 1 : (int)made);
  out.write(__builtin_mul_overflow(a, b, &made) ? 1 : (int)made);
}
template <int kMost, typename T>
static int cut(T wide) {
  return wide > kMost ? kMost : wide < -kMost - 1 ? -kMost - 1 : (int)wide;
}
void overflow(hls::stream<int>& in, hls::stream<int>& out) {
  for (int i = 0; i < 16; i++) {
    uint64_t a = (uint64_t)in.read() << 32 | (uint32_t)in.read();
    uint64_t b = (uint64_t)in.read() << 32 | (uint32_t)in.read();
    if (i & 1) a &= 0xffffffff, b &= 0xffffffff;
    if (i & 2) a >>= 50;
    if (i & 4) b |= 0xffff0000;
    out.write(overflows<uint64_t>(a, b) + 2 * overflows<uint32_t>(a, b));
    out.write(a * b / (b | 1) == a);
    const uint64_t sum = a + b, rest = a - b;
    out.write(sum < a ? 7 : sum >> 3);
    out.write(a < b ? 9 : rest >> 3);
    asked<int32_t>(out, a, b);
    asked<uint32_t>(out, a, b);
    asked<uint8_t>(out, a, b);
    asked<int16_t>(out, a, b);
    asked<int64_t>(out, a, b);
    const int x = a, y = b;
    out.write((x > y) - (x < y));
    out.write((a > b) - (a < b));
    out.write(cut<127>((int8_t)a + (int8_t)b) + cut<127>((int8_t)a - (int8_t)b));
    out.write(cut<32767>((int16_t)a + (int16_t)b));
    const ap_int<33> more = ap_int<33>(x) + y;
    out.write(more > INT32_MAX ? INT32_MAX : more < INT32_MIN ? INT32_MIN : more.to_int());
  }
}
