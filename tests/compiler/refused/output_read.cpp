// SPDX-License-Identifier: Apache-2.0
void top(int n, int& total) {
  total = 0;
  for (int i = 0; i < n; i++) total += i;  // error: output scalars can only be written
}
