// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int x;
  out.write(in.read() + x);  // error: variable 'x' is uninitialized when used here: give it a value where it is declared
}
