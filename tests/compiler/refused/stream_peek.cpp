// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  out.write(in.peek() + in.read());  // error: hls::stream has no 'peek'; it has read, write, read_nb, write_nb
}
