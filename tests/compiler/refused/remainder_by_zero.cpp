// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
constexpr int N = 0;
void top(hls::stream<int>& in, hls::stream<int>& out) {
  out.write(in.read() % N);  // error: remainder by zero is undefined
}
