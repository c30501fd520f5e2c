// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
#include <cmath>  // error: the header <cmath> is not there
void top(hls::stream<int>& in, hls::stream<int>& out) { out.write(std::abs(in.read())); }
