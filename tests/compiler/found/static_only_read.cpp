// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>

void static_only_read(hls::stream<int>& in, hls::stream<int>& out, int count) {
  static unsigned char table[16];
  for (int i = 0; i < count; i++)
    out.write(table[in.read() & 15] + i);
}
