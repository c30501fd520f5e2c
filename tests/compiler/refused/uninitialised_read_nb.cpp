// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int x;
  in.read_nb(x);
  out.write(x + 1);  // warning: 'x', or the part of it that is used here, is written on some of the ways to here only
}
