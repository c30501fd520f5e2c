// SPDX-License-Identifier: Apache-2.0
// What a table of structs holds decides a comparison, which LLVM does not see: 3 bits were compared with 7.
#include <ap_int.h>
#include <hls_stream.h>
struct table_compared_s {
  ap_uint<8> a;
  unsigned short m[2];
};
static const table_compared_s table[4] = {{1, {3, 4}}, {3, {7, 6}}, {2, {0, 1}}, {0, {5, 3}}};
void table_compared(hls::stream<ap_uint<8>>& in, hls::stream<ap_uint<64>>& out, int count) {
  unsigned short kept[8] = {}, never[8] = {};
  for (int round = 0; round < count; round++) {
    const ap_uint<8> x = in.read();
    const unsigned short value = table[x & 3].m[x[7]];
    if (value <= 7) kept[x & 7] = x;
    if (value > 7) never[x & 7] = x;
    if (value > 7 && x > 8) out.write(x);
    while (value > 7 && x > 9)
      out.write(in.read());
    int turn = 0;
    do {
#pragma HLS PIPELINE
      out.write(turn++);
    } while (table[turn & 3].m[x[6]] > 7);
    out.write(kept[(x >> 1) & 7] + never[(x >> 2) & 7] + (value > 7 ? 1024 : 2048));
  }
}
