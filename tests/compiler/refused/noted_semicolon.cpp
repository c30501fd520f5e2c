// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out, int n) {
  int x = in.read();
  if (x > n);  // warning: the semicolon is all that this 'if' does
    x = n;
  for (int i = 0; i < n; i++);  // warning: the semicolon is all that this 'for' does
  {
    x++;
  }
  do x += 3; while (x < 0);
  if (x > 9) out.write(1);
  else;  // warning: the semicolon is all that this 'else' does
  while (!in.empty()) in.read();
  out.write(x);
}
