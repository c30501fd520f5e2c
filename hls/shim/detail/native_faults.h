// SPDX-License-Identifier: Apache-2.0
// What clang's sanitizers report, told as a failure of the kernel with its line: accesses outside an array of
// a known size, shifts by the width or more, divisions by zero. Only with HLS_NATIVE_CHECKS.
#pragma once
#include "check.h"

#if defined(HLS_NATIVE_CHECKS) && !defined(__HLS_SYNTH__)

namespace hls::native {

// The layouts are those of compiler-rt.
struct fault_place {
  const char* file;
  unsigned line;
  unsigned column;
};
struct fault_type {
  unsigned short kind;
  unsigned short info;  // of an integer: twice the logarithm of its bits, and whether it has a sign
  char name[1];         // with quotes
};
struct fault {
  fault_place at;
  const fault_type* type;   // of the array, or of the left operand
  const fault_type* other;  // of the index, or of the right operand
};

// Up to 64 bits a value travels by itself, else by its address.
inline long long fault_value(const fault_type* type, unsigned long raw) {
  const unsigned bits = 1u << (type->info >> 1);
  if (type->kind != 0 || bits > 64) return 0;
  if (!(type->info & 1) || bits == 64) return static_cast<long long>(raw);
  return static_cast<long long>(raw << (64 - bits)) >> (64 - bits);
}

}  // namespace hls::native

#define HLS_FAULT __attribute__((no_sanitize("undefined"), used, visibility("default"))) inline
extern "C" {
HLS_FAULT void __ubsan_handle_out_of_bounds(const hls::native::fault* f, unsigned long index) {
  hls::native::fail("%s:%u: index %lld is outside the array, which is %s", f->at.file, f->at.line,
                    hls::native::fault_value(f->other, index), f->type->name);
}
HLS_FAULT void __ubsan_handle_local_out_of_bounds() {
  hls::native::fail("an access through a pointer is outside the array that it points into");
}
HLS_FAULT void __ubsan_handle_shift_out_of_bounds(const hls::native::fault* f, unsigned long,
                                                  unsigned long amount) {
  hls::native::fail("%s:%u: a shift of %s by %lld", f->at.file, f->at.line, f->type->name,
                    hls::native::fault_value(f->other, amount));
}
HLS_FAULT void __ubsan_handle_divrem_overflow(const hls::native::fault* f, unsigned long, unsigned long) {
  hls::native::fail("%s:%u: a division of %s by zero, or of its least value by -1", f->at.file, f->at.line,
                    f->type->name);
}
}
#undef HLS_FAULT

#endif
