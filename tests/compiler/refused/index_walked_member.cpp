// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
struct pair {
  int a[4], b[4];
};
void top(hls::stream<int>& in, hls::stream<int>& out, int n) {
  pair s;
  for (int i = 0; i < 4; i++) s.b[i] = n;
  for (int i = 0; i < 4; i++) s.a[i] = in.read();
  int* p = s.a;
  p += 5;
  *p = 7;  // error: index 5 is outside the array 's', which has 4 elements
  out.write(s.a[n & 3] + s.b[n & 3]);
}
