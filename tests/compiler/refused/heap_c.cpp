// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
extern "C" void* malloc(unsigned long);
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int* p = (int*)malloc(32);  // error: 'malloc' needs a heap, which hardware does not have; declare an array of a fixed size
  for (int i = 0; i < 8; i++) p[i] = in.read();
  for (int i = 0; i < 8; i++) out.write(p[7 - i]);
}
