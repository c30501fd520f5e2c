// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& more, hls::stream<int>& out, int n) {
  hls::stream<int>& which = n > 3 ? in : more;
  out.write(which.read());  // error: the stream used here is chosen at run time or is an element of an array or a struct
}
