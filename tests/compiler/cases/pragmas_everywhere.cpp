// SPDX-License-Identifier: Apache-2.0
// Pragmas by _Pragma in macros, of members, of a pointer parameter, in lambdas and in templates.
#include <ap_int.h>
#include <hls_stream.h>
#define PIPELINED(n) _Pragma("HLS PIPELINE II=1")
#define STRING(x) #x
#define BANKS(v, n) _Pragma(STRING(HLS ARRAY_PARTITION variable = v type = cyclic factor = n))

static void fill(int* a, hls::stream<int>& in) {
#pragma HLS ARRAY_PARTITION variable = a cyclic factor = 2
fill_loop:
  for (int i = 0; i < 8; i++) {
    PIPELINED(1)
    a[i] = in.read();
  }
}
struct state {
  int history[8];
  template <int N>
  int oldest(int i) {
#pragma HLS ARRAY_PARTITION variable = this->history block factor = N / 2 dim = 1
    return history[i & 7];
  }
};

void pragmas_everywhere(hls::stream<int>& in, hls::stream<int>& out) {
  int a[8], b[8];
  state s;
  BANKS(b, 4)
  fill(a, in);
  auto copy = [&](int n) {
  copy_loop:
    for (int i = 0; i < n; i++) {
#pragma HLS PIPELINE II = 1
      b[i] = a[i];
      s.history[i] = a[i] * 2;
    }
  };
  copy(8);
  for (int i = 0; i < 8; i++) {
#pragma HLS PIPELINE II = 1
    out.write(b[7 - i] + s.oldest<4>(i));
  }
}
