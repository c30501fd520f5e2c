// SPDX-License-Identifier: Apache-2.0
void top(int a[2], int n) {
  a[0] = n;
  a[1] = n + 1;  // error: the array argument 'a'
}
