// SPDX-License-Identifier: Apache-2.0
// Structs and vectors in streams, an enumeration among the fields, and a state machine over a switch.
#include <ap_int.h>
#include <hls_stream.h>
#include <hls_vector.h>

enum class Kind : unsigned char { kData, kScale, kFlush, kSkip };

struct Header {
  ap_uint<2> kind;
  ap_uint<6> length;
  bool last;
};

struct Result {
  Header header;
  hls::vector<ap_int<18>, 3> sums;
};

void packets(hls::stream<Header>& headers, hls::stream<hls::vector<ap_int<12>, 3>>& payload,
             hls::stream<Result>& out) {
  hls::vector<ap_int<18>, 3> sums(ap_int<18>(0));
  ap_int<4> scale = 1;
  bool last = false;
PACKETS:
  while (!last) {
    const Header h = headers.read();
    last = h.last;
    switch (Kind(int(h.kind))) {
      case Kind::kData:
      BODY:
        for (int i = 0; i < h.length; i++) {
#pragma HLS PIPELINE II = 1
          const hls::vector<ap_int<12>, 3> p = payload.read();
          for (int k = 0; k < 3; k++)
            sums[k] += p[k] * scale;
        }
        break;
      case Kind::kScale:
        scale = h.length;
        break;
      case Kind::kFlush:
        out.write(Result{h, sums});
        sums = hls::vector<ap_int<18>, 3>(ap_int<18>(h.length));
        break;
      default:
        break;
    }
  }
  out.write(Result{Header{3, 0, true}, sums});
}
