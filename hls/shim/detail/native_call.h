// SPDX-License-Identifier: Apache-2.0
// The C interface of a natively built kernel: arguments of the top are told apart by their types, values
// travel as little-endian bytes, ceil(width / 8) each.
#pragma once
#include "native_faults.h"
#include "native_memory.h"

namespace hls::native {

enum class argument_kind : int { stream = 0, memory = 1, input = 2, output = 3 };

// Mirrored by NativeKernel in Python.
struct argument {
  argument_kind kind;
  int width;  // bits of an element
  const char* name;
  unsigned char*
      data;  // stream: elements to read, replaced by the elements left; memory: its bytes; else a value
  unsigned long long length;  // elements of a stream, bytes of a memory
};

template <class T>
struct slot {  // a scalar input
  static constexpr argument_kind kind = argument_kind::input;
  static constexpr int width = hlsd::pack<T>::width;
  T value;
  explicit slot(argument& a) {
    hlsd::packed<T> b = 0;
    memcpy(&b, a.data, (width + 7) / 8);
    value = hlsd::pack<T>::from(b);
  }
  T& get() { return value; }
  void finish(argument&) {}
};

template <class T>
struct slot<const T&> : slot<T> {
  using slot<T>::slot;
};

template <class T>
struct slot<T&> {  // a scalar output
  static constexpr argument_kind kind = argument_kind::output;
  static constexpr int width = hlsd::pack<T>::width;
  T value{};
  explicit slot(argument&) {}
  T& get() { return value; }
  void finish(argument& a) {
    const hlsd::packed<T> b = hlsd::pack<T>::to(value);
    memcpy(a.data, &b, (width + 7) / 8);
  }
};

template <class T, int D>
struct slot<stream<T, D>&> {
  static constexpr argument_kind kind = argument_kind::stream;
  static constexpr int width = hlsd::pack<T>::width;
  static constexpr unsigned bytes = (width + 7) / 8;
  stream<T, D> value;
  explicit slot(argument& a) {
    value.state.name = a.name;
    value.state.depth = ~0ull;
    for (unsigned long long i = 0; i < a.length; i++) {
      hlsd::packed<T> b = 0;
      memcpy(&b, a.data + i * bytes, bytes);
      value.write(hlsd::pack<T>::from(b));
    }
  }
  stream<T, D>& get() { return value; }
  void finish(argument& a) {
    a.length = value.state.count;
    a.data = static_cast<unsigned char*>(malloc(a.length * bytes + 1));
    for (unsigned long long i = 0; i < a.length; i++) {
      const hlsd::packed<T> b = hlsd::pack<T>::to(value.read());
      memcpy(a.data + i * bytes, &b, bytes);
    }
  }
};

template <class T>
struct slot<burst_maxi<T>> {
  static constexpr argument_kind kind = argument_kind::memory;
  static constexpr int width = hlsd::pack<T>::width;
  memory port;
  burst_maxi<T> value{&port};
  explicit slot(argument& a) {
    port.name = a.name;
    port.bytes = a.data;
    port.size = a.length;
  }
  burst_maxi<T>& get() { return value; }
  void finish(argument&) {}
};

// What a function returns, as one more output behind its arguments.
template <class R>
struct result {
  static constexpr int count = 1;
  static void describe(argument* a) {
    a->kind = argument_kind::output;
    a->width = hlsd::pack<R>::width;
  }
  static void call(argument* a, auto function) {
    slot<R&> s(*a);
    s.value = function();
    s.finish(*a);
  }
};
template <>
struct result<void> {
  static constexpr int count = 0;
  static void describe(argument*) {}
  static void call(argument*, auto function) { function(); }
};

template <class F>
struct signature;
template <class R, class... P>
struct signature<R (*)(P...)> {
  using function = R (*)(P...);
  static constexpr int parameters = sizeof...(P);
  static constexpr int arity = parameters + result<R>::count;
  static void describe(argument* a) {
    ((a->kind = slot<P>::kind, a->width = slot<P>::width, a++), ...);
    result<R>::describe(a);
  }
  // One argument object after the other on the stack, then the call.
  static void bind(argument*, auto call) { call(); }
  template <class Q, class... Rest>
  static void bind_rest(argument* a, auto call) {
    slot<Q> s(*a);
    auto next = [&](auto&... later) { call(s.get(), later...); };
    if constexpr (sizeof...(Rest) == 0) {
      next();
    } else {
      bind_rest<Rest...>(a + 1, next);
    }
    s.finish(*a);
  }
  static void run(function f, argument* a) {
    argument* last = a + parameters;
    if constexpr (parameters == 0) {
      result<R>::call(last, f);
    } else {
      bind_rest<P...>(a, [f, last](auto&... all) { result<R>::call(last, [&] { return f(all...); }); });
    }
  }
};

// Returns 0, or 1 with the reason in `message`.
template <auto F>
int call(argument* a, const char* name, char* message, unsigned long size) {
  the = scheduler{};
  region everything;
  auto body = [a] { signature<decltype(F)>::run(F, a); };
  using closure = decltype(body);
  add_process(name, everything, call_closure<closure>, new (place{malloc(sizeof(closure))}) closure(body));
  run_all();
  if (the.failed) snprintf(message, size, "%s", the.message);
  return the.failed ? 1 : 0;
}

}  // namespace hls::native
