// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  auto square = [](int x) { return x * x; };  // taken: lambdas, templates, helpers with or without static
  out.write(square(in.read()));
}
