// SPDX-License-Identifier: Apache-2.0
// A function kept as a module reads its table in one case only: control flow to LLVM, a choice to the
// program.
#include <ap_int.h>
#include <hls_stream.h>
static const signed char table[16] = {88, 56, 96, -73, -89};
inline signed char looked_up(const ap_int<7> a, const ap_int<5> b) {
#pragma HLS INLINE off
  return a < 7 ? table[int(a) & 15] + int(b) : (table[int(b) & 15] < a ? 31 : int(a));
}

void module_reads_table(hls::stream<ap_uint<8>>& in, hls::stream<ap_uint<64>>& out, int count) {
  for (int round = 0; round < count; round++) {
    const ap_uint<8> x = in.read();
    out.write(ap_uint<64>(looked_up(x, round)));
  }
}
