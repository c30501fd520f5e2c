// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  hls::stream<int> mine = in;  // error: a stream cannot be copied; pass it by reference, hls::stream<T>&
  out.write(mine.read());
}
