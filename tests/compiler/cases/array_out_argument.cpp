// SPDX-License-Identifier: Apache-2.0
// An array argument that is only written.
void top(int a[8], int n) {
  for (int i = 0; i < 8; i++) a[i] = i * n;  // error: the array argument 'a' has no interface yet
}
