// SPDX-License-Identifier: Apache-2.0
// A product that is divided again and compared is, to LLVM, a question for an overflow.
#include <ap_int.h>
#include <hls_stream.h>
#include <stdint.h>
void product_compared(hls::stream<ap_uint<64>>& in, hls::stream<ap_uint<64>>& out, ap_uint<8> count) {
  for (int round = 0; round < count; round++) {
    const uint64_t a = in.read();
    const uint64_t b = a >> 31;
    out.write(b && a * b / b != a);
  }
}
