// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in) {
  in.write(in.read() + 1);  // error: the stream 'in' is both read and written
}
