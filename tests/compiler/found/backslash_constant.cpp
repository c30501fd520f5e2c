// SPDX-License-Identifier: Apache-2.0
// A table of printable bytes, a backslash among them: LLVM writes it as text.
#include <ap_int.h>
#include <hls_stream.h>
static const signed char table[4] = {92, 33, 65, 92};

void backslash_constant(hls::stream<ap_uint<8>>& in, hls::stream<ap_uint<64>>& out, int count) {
  for (int round = 0; round < count; round++)
    out.write(ap_uint<64>(table[in.read() & 3]));
}
