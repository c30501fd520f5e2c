// SPDX-License-Identifier: Apache-2.0
// References to a bit and to a range of bits of an ap_fixed: x[i], x.range(hi, lo) = x(hi, lo), x.range().
#pragma once

template <class F>
struct ap_fixed_bit_ref {
  static constexpr int width = 1;
  F& parent;
  int index;

  HLS_INLINE ap_fixed_bit_ref(F& p, int i) : parent(p), index(i) {}
  HLS_INLINE ap_fixed_bit_ref(const ap_fixed_bit_ref&) = default;
  HLS_INLINE bool value() const { return parent.bits().get_bit(index); }
  HLS_INLINE ap_uint<1> get() const { return ap_uint<1>(value()); }
  HLS_INLINE void put(bool x) {
    auto bits = parent.bits();
    bits.set_bit(index, x);
    parent.V = bits.V;
  }
  HLS_INLINE int length() const { return 1; }
  HLS_INLINE operator bool() const { return value(); }
  HLS_INLINE bool to_bool() const { return value(); }
  HLS_INLINE bool operator~() const { return !value(); }
  // Any value that is not zero sets the bit.
  template <hlsd::integer T>
  HLS_INLINE ap_fixed_bit_ref& operator=(const T& x) {
    put(hlsd::operand<T>::get(x) != 0);
    return *this;
  }
  HLS_INLINE ap_fixed_bit_ref& operator=(const ap_fixed_bit_ref& x) {
    put(x.value());
    return *this;
  }
};

template <class F>
struct ap_fixed_range_ref {
  static constexpr int width = F::width;  // an upper bound; length() is the range's own
  F& parent;
  int hi, lo;

  HLS_INLINE ap_fixed_range_ref(F& p, int h, int l) : parent(p), hi(h), lo(l) {}
  HLS_INLINE ap_fixed_range_ref(const ap_fixed_range_ref&) = default;
  HLS_INLINE int length() const { return hi - lo + 1; }
  HLS_INLINE ap_uint<width> get() const {
    auto bits = parent.bits();
    return bits.range(hi, lo).get();
  }
  template <hlsd::integer T>
  HLS_INLINE void put(const T& x) {
    auto bits = parent.bits();
    bits.range(hi, lo).put(x);
    parent.V = bits.V;
  }
  HLS_INLINE explicit(width > 64) operator hlsd::builtin<width, false>() const { return get(); }
  HLS_INLINE explicit operator bool() const { return get().V != 0; }
  HLS_INLINE int to_int() const { return get().to_int(); }
  HLS_INLINE unsigned to_uint() const { return get().to_uint(); }
  HLS_INLINE long long to_int64() const { return get().to_int64(); }
  HLS_INLINE unsigned long long to_uint64() const { return get().to_uint64(); }
  HLS_INLINE bool or_reduce() const { return get().V != 0; }
  HLS_INLINE bool xor_reduce() const { return get().xor_reduce(); }
  HLS_INLINE bool and_reduce() const {
    auto bits = parent.bits();
    return bits.range(hi, lo).and_reduce();
  }
  template <hlsd::integer T>
  HLS_INLINE ap_fixed_range_ref& operator=(const T& x) {
    put(x);
    return *this;
  }
  HLS_INLINE ap_fixed_range_ref& operator=(const ap_fixed_range_ref& x) {
    put(x.get());
    return *this;
  }
};

namespace hlsd {
template <class F>
struct operand<ap_fixed_bit_ref<F>> : reference_operand<ap_fixed_bit_ref<F>> {};
template <class F>
struct operand<ap_fixed_range_ref<F>> : reference_operand<ap_fixed_range_ref<F>> {};
}  // namespace hlsd

template <class F, hlsd::integer N>
HLS_INLINE ap_uint<F::width> operator<<(const ap_fixed_range_ref<F>& x, const N& n) {
  return x.get() << n;
}
template <class F, hlsd::integer N>
HLS_INLINE ap_uint<F::width> operator>>(const ap_fixed_range_ref<F>& x, const N& n) {
  return x.get() >> n;
}
