// SPDX-License-Identifier: Apache-2.0
// Functions of fixed latency in every form that a function may have.
#include <ap_int.h>
#include <hls_stream.h>

static int before(int a, int b = 7);  // a prototype with the default argument

namespace shapes {
static int area(int a, int b) noexcept {
#pragma HLS INLINE off
  return a * b + 1;
}
struct square {
  static constexpr int kSide = 3;
  static int area(int a, int /* unused */ = 0) {
#pragma HLS INLINE off
    return a * a - kSide;
  }
};
namespace inner {
[[nodiscard]] static auto area(short a) -> int {
#pragma HLS INLINE off
  if (a < 0) {
    return -a;
  }
  return a * 5;
}
}  // namespace inner
}  // namespace shapes

template <int N, class T = int>
__attribute__((noinline)) static T power(const T& a, T = T(3)) noexcept(true) {
#pragma HLS INLINE off
  T result = 1;
  for (int i = 0; i < N; i++)
    result *= a;
  return result;
}

static unsigned mix(unsigned a, unsigned b) {
#pragma HLS INLINE off
  return a ^ (b << 3);
}
static ap_int<20> mix(ap_int<20> a, unsigned) {
#pragma HLS INLINE off
  return a * 3;
}

void modules(hls::stream<int>& in, hls::stream<int>& out) {
  for (int i = 0; i < 8; i++) {
#pragma HLS PIPELINE II = 1
    int x = in.read();
    int y = before(x) + before(x, i) + shapes::area(x, 5) + shapes::square::area(x) + shapes::square::area(i, x);
    y += shapes::inner::area(short(x)) + power<3>(x) + power<2>(x) + power<2, short>(short(x));
    out.write(y + int(mix(unsigned(x), unsigned(i))) + int(mix(ap_int<20>(x), 1u)));
  }
}

static int before(int a, int b) {
#pragma HLS INLINE off
  return a * 100 + b;
}
