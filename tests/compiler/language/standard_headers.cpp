// SPDX-License-Identifier: Apache-2.0
// What of the standard headers a kernel may use.
#include <hls_stream.h>

#include <algorithm>
#include <cassert>
#include <climits>
#include <cstdint>
#include <cstdlib>
#include <cstring>
void standard_headers(hls::stream<int>& in, hls::stream<int>& out) {
  for (int i = 0; i < 9; i++) {
    int a = in.read(), b = in.read();
    assert(a + 1 || true);
    std::swap(a, b);
    int64_t w = a;
    std::uint8_t q = b;
    out.write(std::min(a, b) + std::max<long>(a, 4) + abs(a >> 1) + std::abs(w >> 2) % 77 + q + INT_MAX +
              int(sizeof(size_t)));
  }
}
