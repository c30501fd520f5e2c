// SPDX-License-Identifier: Apache-2.0
// Calls a kernel that was built with the vendor's own headers: arguments come as hexadecimal words on standard input
// (a stream as its length and its elements), output streams leave a line each.
#pragma once

#include <iostream>
#include <string>

template <class T>
T read_value() {
  std::string text;
  std::cin >> text;
  T value = 0;
  for (const char c : text) value = T((value << 4) | T(c <= '9' ? c - '0' : c - 'a' + 10));
  return value;
}

template <class T>
struct Slot {
  T value = read_value<T>();
  void finish() {}
};

template <class T>
struct Slot<hls::stream<T>&> {
  hls::stream<T> value;

  Slot() {
    int count = 0;
    std::cin >> count;
    for (int i = 0; i < count; ++i) value.write(read_value<T>());
  }

  void finish() {
    while (!value.empty()) {
      const ap_uint<T::width> element = value.read();
      std::cout << element.to_string(16).c_str() << ' ';
    }
    std::cout << '\n';
  }
};

template <class... Q>
struct Arguments;
template <>
struct Arguments<> {
  template <class F>
  static void bind(F call) {
    call();
  }
};
template <class P, class... Rest>
struct Arguments<P, Rest...> {
  template <class F>
  static void bind(F call) {
    Slot<P> slot;
    Arguments<Rest...>::bind([&](auto&... later) { call(slot.value, later...); });
    slot.finish();
  }
};

template <class... P>
void run(void (*kernel)(P...)) {
  Arguments<P...>::bind([kernel](auto&... all) { kernel(all...); });
}
