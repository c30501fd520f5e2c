// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
#include <vector>  // error: the header <vector> is not there
void top(hls::stream<int>& in, hls::stream<int>& out) {
  std::vector<int> v(8);
  for (int i = 0; i < 8; i++) v[i] = in.read();
  out.write(v[0]);
}
