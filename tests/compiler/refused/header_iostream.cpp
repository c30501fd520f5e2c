// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
#include <iostream>  // error: the header <iostream> is not there
void top(hls::stream<int>& in, hls::stream<int>& out) { out.write(in.read()); }
