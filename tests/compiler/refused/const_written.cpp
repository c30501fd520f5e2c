// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
static const int table[4] = {1, 2, 3, 4};
void top(hls::stream<int>& in, hls::stream<int>& out) {
  const_cast<int*>(table)[in.read() & 3] = 9;  // error: this writes to 'table', which is const
  out.write(table[1]);
}
