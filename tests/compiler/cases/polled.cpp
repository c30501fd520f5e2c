// SPDX-License-Identifier: Apache-2.0
// Several streams polled in one iteration; what is written does not depend on when anything arrives: each word of `act`
// is written once, before the request for it can be made, and two streams are counted by what was taken from them.
#include <ap_int.h>
#include <hls_stream.h>
typedef ap_uint<40> word;
void top(hls::stream<ap_uint<12>>& reads, hls::stream<word>& words, hls::stream<ap_uint<12>>& extra,
         hls::stream<word>& sums) {
  word act[1024];
FILL:
  for (int i = 0; i < 1024; i++) {
#pragma HLS PIPELINE II=1
    act[i] = word(i) * 12345 + 7;
  }
  int ends = 0, idle = 0;
  word sum = 0;
SERVE:
  while (ends < 2) {
#pragma HLS PIPELINE II=1
    bool none = reads.empty();
    if (!none) {
      ap_uint<12> at = reads.read();
      if (at == 4095) ends++;
      else words.write(act[at & 1023]);
    }
    if (!extra.empty()) {
      ap_uint<12> more = extra.read();
      if (more == 4095) ends++;
      else sum += more;
      sums.write(sum);
    } else if (none) {
      idle++;
    }
  }
  if (idle < 0) sums.write(0);
}
