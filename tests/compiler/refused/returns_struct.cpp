// SPDX-License-Identifier: Apache-2.0
struct two {
  int a;
  short b;
};
two top(int a) {  // error: 'top' returns a two, which is no integer
  return {a, 1};
}
