// SPDX-License-Identifier: Apache-2.0
// A partitioned array of which LLVM takes single elements out, because constants alone reach them.
#include <ap_int.h>
#include <hls_stream.h>
#include <stdint.h>

void part_of_partition(hls::stream<ap_uint<8>>& in, hls::stream<ap_uint<64>>& out, int count,
                       signed char gain) {
  int8_t m[8] = {};
#pragma HLS array_partition variable = m type = block factor = 4 dim = 1
  for (int round = 0; round < count; round++) {
    const ap_uint<8> x = in.read();
    m[(100 > x)] = gain + x;
    const int y = m[1] | gain;
    out.write(ap_uint<64>(y * 3 + m[(y || x)]));
  }
}
