// SPDX-License-Identifier: Apache-2.0
// taken: words that are made of parts, bit fields, values that a result vouches for
#include <ap_int.h>
#include <hls_stream.h>
struct flags {
  unsigned low : 3, high : 5;
};
void top(hls::stream<int>& in, hls::stream<int>& out) {
  ap_uint<32> word;
  for (int k = 0; k < 4; k++) word.range(8 * k + 7, 8 * k) = in.read();
  ap_uint<2> bits;
  bits[0] = in.read() & 1;
  bits[1] = in.read() & 1;
  flags f;
  f.low = in.read();
  f.high = in.read();
  int x, y;
  if (in.read_nb(x)) out.write(x);
  int* p = in.read() ? &x : &y;
  *p = int(word) + bits;
  out.write(f.low + f.high + *p);
}
