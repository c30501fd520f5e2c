// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
static int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }  // error: the function 'fib' calls itself; recursion cannot become hardware
void top(hls::stream<int>& in, hls::stream<int>& out) { out.write(fib(in.read())); }
