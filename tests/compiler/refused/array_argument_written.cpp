// SPDX-License-Identifier: Apache-2.0
void top(int a[8], int n) {
  for (int i = 0; i < 8; i++) a[i] = i * n;  // error: the array argument 'a' has no interface yet: make it an hls::stream<T>&
}
