// SPDX-License-Identifier: Apache-2.0
// Functions kept as modules that read their tables in one case only, and choose by statements.
#include <ap_int.h>
#include <hls_stream.h>
static const int kTable[8] = {3, -1, 4, -1, 5, -9, 2, 6};
static const short kOther[3] = {100, -200, 300};
static int pick(ap_int<9> a, ap_uint<4> b) {
#pragma HLS INLINE off
  int r = a > 7 ? (b < 3 ? kOther[b % 3] + 1 : kTable[(a + b) & 7]) : int(b);
  if (a & 1) {
    switch (int(b) & 3) {
      case 0:
        r += kTable[a & 7];
        break;
      case 2:
        r = -r;
      default:
        r ^= 5;
    }
  }
  return r;
}
static int early(int a, int b) {
#pragma HLS INLINE off
  if (a < 0) return kOther[(b & 127) % 3];
  for (int k = 0; k < 4; k++) {
    if (((a >> k) & 1) && (b & 2)) return kTable[(k + b) & 7];
  }
  return a + b;
}
void module_choices(hls::stream<ap_uint<32>>& in, hls::stream<ap_uint<32>>& out) {
  for (int i = 0; i < 40; i++) {
#pragma HLS PIPELINE II = 1
    ap_uint<32> x = in.read();
    out.write(pick(ap_int<9>(x), ap_uint<4>(x >> 9)) + early(int(x), int(x >> 7)));
  }
}
