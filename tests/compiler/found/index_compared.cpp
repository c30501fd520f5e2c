// SPDX-License-Identifier: Apache-2.0
// Never is an index what it is compared with, though LLVM puts the constant in its place: no access outside.
#include <hls_stream.h>

void index_compared(hls::stream<int>& in, hls::stream<int>& out, short count) {
  unsigned kept[32] = {};
  for (int i = 0; i < count; i++) {
    const unsigned x = in.read();
    kept[i] += (i != -2ll ? x : kept[i]) + ((i == 40 || x > 9) && i == 33 ? kept[i - 1] : 1);
    if (i == -1) kept[i] = x;
    out.write(kept[i]);
  }
}
