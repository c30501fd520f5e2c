// SPDX-License-Identifier: Apache-2.0
void top(int* a, int n) {
  for (int i = 0; i < n; i++) a[i] = i;  // error: the array argument 'a'
}
