// SPDX-License-Identifier: Apache-2.0
// Everything the compiler has to know by name. The headers of this folder are ordinary C++ apart from these
// functions, which are declared and never defined: the compiler gives them their meaning. Widths are read
// from the mangled template argument (`DU32_` = unsigned _BitInt(32)); clang passes integers above 64 bits
// indirectly, which the front end undoes.
//
//   __hls_pragma(number, &variable, values...)   a #pragma HLS, put in its place by the front end's rewriter
//   __hls_fifo_read<B>(&stream)                  take one element of B bits; waits while the stream is empty
//   __hls_fifo_write<B>(&stream, value)          put one element; waits while the stream is full
//   __hls_fifo_empty<B>(&stream)                 true when a read would wait
//   __hls_fifo_full<B>(&stream)                  true when a write would wait
//   __hls_chan_read<C, B>(handle)                channel of an AXI master: C = 1 read data, 4 write response
//   __hls_chan_write<C, B>(handle, value)        C = 0 read request, 2 write request, 3 write data;
//                                                a request is {32-bit beats, 32-bit first element}
//   __hls_blk_acq<Write, W, D0, D1>(&blocks)     acquire a ping-pong block of D0 x D1 elements of W bits
//   __hls_blk_rel<Write, W, D0, D1>(&blocks)     release it
//   __hls_call<&f, R>(&body, leaves...)          result of the fixed-latency module f, whose body is given
//   __hls_arg<k, B>(), __hls_ret<B>(0, value)    inside that module: argument leaf k and the result
//   __hls_mul_add(a, b, c)                       a * b + c in one DSP slice, signed; at most 27, 18 and 48
//   bits
//   __hls_cycle_count()                          free-running 32-bit counter of clock cycles since reset
//
// `convergent` keeps LLVM from duplicating a call when it threads jumps: hardware has one port, not two.
#pragma once
#ifdef __HLS_SYNTH__

extern "C" void __hls_pragma(int number, const void* variable, ...) __attribute__((nothrow));
// Where the object lies that a pragma names: of a pointer, such as an array parameter, what it points at.
template <class T>
struct __hls_named {
  static const void* place(T& x) { return (const void*)__builtin_addressof(x); }
};
template <class T>
struct __hls_named<T*> {
  static const void* place(T* x) { return (const void*)x; }
};
template <class T>
const void* __hls_place(T& x) {
  return __hls_named<T>::place(x);
}

extern "C" unsigned __hls_cycle_count() __attribute__((nothrow, convergent));

template <class B>
B __hls_fifo_read(const void*) __attribute__((nothrow, convergent));
template <class B>
void __hls_fifo_write(const void*, B) __attribute__((nothrow, convergent));
template <class B>
bool __hls_fifo_empty(const void*) __attribute__((nothrow, convergent));
template <class B>
bool __hls_fifo_full(const void*) __attribute__((nothrow, convergent));

template <int Channel, class B>
B __hls_chan_read(unsigned long) __attribute__((nothrow, convergent));
template <int Channel, class B>
void __hls_chan_write(unsigned long, B) __attribute__((nothrow, convergent));

template <int Write, int W, int D0, int D1>
bool __hls_blk_acq(const void*) __attribute__((nothrow, convergent));
template <int Write, int W, int D0, int D1>
void __hls_blk_rel(const void*) __attribute__((nothrow, convergent));

template <int K, class B>
B __hls_arg() __attribute__((nothrow, const));
template <class B>
void __hls_ret(const void*, B) __attribute__((nothrow));
template <auto F, class R, class... B>
R __hls_call(const void* body, B...) __attribute__((nothrow, const, convergent));

template <class A, class B, class C>
C __hls_mul_add(A, B, C) __attribute__((nothrow, const, convergent));

#endif
