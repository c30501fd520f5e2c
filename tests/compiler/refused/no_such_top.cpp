// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
// error: the top function 'top' is not defined here; the functions are: other
void other(hls::stream<int>& in, hls::stream<int>& out) { out.write(in.read()); }
