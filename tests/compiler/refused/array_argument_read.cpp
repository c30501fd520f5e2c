// SPDX-License-Identifier: Apache-2.0
void top(const int a[8], int& sum) {
  int s = 0;
  for (int i = 0; i < 8; i++) s += a[i];  // error: the array argument 'a'
  sum = s;
}
