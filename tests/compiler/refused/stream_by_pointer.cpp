// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>* in, hls::stream<int>& out) {  // error: the stream 'in' is passed by pointer; make it a reference, hls::stream<T>&
  out.write(in->read());
}
