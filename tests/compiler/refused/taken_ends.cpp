// SPDX-License-Identifier: Apache-2.0
// taken: loops that end by wrapping around, pointers that stop at the end, rows that are walked as one
#include <ap_int.h>
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out, ap_uint<4> n) {
  int a[4][2], word[8];
  for (int i = 0; i < 8; i++) a[0][i] = in.read();
  for (unsigned i = 7; i < 8; i--) word[i] = in.read();
  int* found = word + 8;
  for (int* p = word; p != word + 8; p++)
    if (*p == 3) found = p;
  if (found != word + 8) *found = 1;
  for (ap_uint<5> i = 0; i <= n; i++) out.write(word[i & 7]);
  for (ap_uint<4> i = 0; i != n; i++) out.write(a[i & 3][1]);
  ap_uint<3> turn = 0;
  do out.write(turn++); while (turn != 0);
  for (;;) {
    if (in.read() == 0) break;
  }
}
