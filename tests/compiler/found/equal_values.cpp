// SPDX-License-Identifier: Apache-2.0
// LLVM's search for equal values fails an assertion of its own on this one.
#include <ap_int.h>
#include <hls_stream.h>
#include <hls_vector.h>
struct Pair {
  ap_uint<17> sum;
  ap_uint<1> seen[8];
};
void equal_values(hls::stream<hls::vector<ap_uint<13>, 2>>& in, hls::stream<ap_uint<64>>& out, ap_int<12> count,
                  ap_int<7> gain) {
  Pair p;
  p.sum = 12;
  for (int k = 0; k < 8; k++) p.seen[k] = k * 3;
  ap_uint<33> one = 1;
  for (int round = 0; round < count; round++) {
    const hls::vector<ap_uint<13>, 2> x = in.read();
    if ((((int)x[p.sum.to_int() && (int)one] & 255) - ((round < (int)one) & 255)) <= 5ll)
      p.sum -= p.seen[ap_uint<3>(3u | gain.to_int())];
    if ((int)((int)p.sum && (int)p.seen[(int)one && (int)gain]) <= round) {
      p.seen[3] = 1;
      p.sum = 1;
    }
    ap_uint<64> fold = 1;
    fold ^= ap_uint<64>(p.sum);
    out.write(fold);
  }
}
