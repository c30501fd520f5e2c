// SPDX-License-Identifier: Apache-2.0
// References to a bit, to a range of bits and to a concatenation: x[i], x.range(hi, lo) = x(hi, lo), (a, b).
#pragma once

template <int W, bool S>
struct ap_bit_ref {
  static constexpr int width = 1;
  ap_int_base<W, S>& parent;
  int index;

  HLS_INLINE ap_bit_ref(ap_int_base<W, S>& p, int i) : parent(p), index(i) {}
  HLS_INLINE ap_bit_ref(const ap_bit_ref&) = default;
  HLS_INLINE ap_uint<1> get() const { return ap_uint<1>(parent.get_bit(index)); }
  template <hlsd::integer T>
  HLS_INLINE void put(const T& x) {
    parent.set_bit(index, hlsd::operand<T>::get(x) & 1);
  }
  HLS_INLINE int length() const { return 1; }
  HLS_INLINE operator bool() const { return parent.get_bit(index); }
  HLS_INLINE bool to_bool() const { return parent.get_bit(index); }
  HLS_INLINE bool operator~() const { return !parent.get_bit(index); }
  // Any value that is not zero sets the bit.
  template <hlsd::integer T>
  HLS_INLINE ap_bit_ref& operator=(const T& x) {
    parent.set_bit(index, hlsd::operand<T>::get(x) != 0);
    return *this;
  }
  HLS_INLINE ap_bit_ref& operator=(const ap_bit_ref& x) {
    parent.set_bit(index, bool(x));
    return *this;
  }
};

template <int W, bool S>
struct ap_range_ref {
  static constexpr int width = W;  // an upper bound; length() is the range's own
  ap_int_base<W, S>& parent;
  int hi, lo;

  HLS_INLINE ap_range_ref(ap_int_base<W, S>& p, int h, int l) : parent(p), hi(h), lo(l) {
    hlsd::check(l >= 0 && h >= l && h < W, "ap_int: range outside the value");
  }
  HLS_INLINE ap_range_ref(const ap_range_ref&) = default;
  HLS_INLINE int length() const { return hi - lo + 1; }
  HLS_INLINE hlsd::bits<W> mask() const {  // `length` ones
    return static_cast<hlsd::bits<W>>(static_cast<hlsd::bits<W>>(~hlsd::bits<W>(0)) >> (W - 1 - hi + lo));
  }
  HLS_INLINE ap_uint<W> get() const {
    const hlsd::bits<W> x = static_cast<hlsd::bits<W>>(parent.V);
    return ap_uint<W>::from_raw(static_cast<hlsd::bits<W>>(static_cast<hlsd::bits<W>>(x >> lo) & mask()));
  }
  template <hlsd::integer T>
  HLS_INLINE void put(const T& x) {
    const hlsd::bits<W> m = mask();
    const hlsd::bits<W> old = static_cast<hlsd::bits<W>>(parent.V);
    const hlsd::bits<W> in = static_cast<hlsd::bits<W>>(hlsd::operand<T>::get(x)) & m;
    parent.V = hlsd::wrap<W, S>(static_cast<hlsd::bits<W>>((old & ~static_cast<hlsd::bits<W>>(m << lo)) |
                                                           static_cast<hlsd::bits<W>>(in << lo)));
  }
  HLS_INLINE explicit(W > 64) operator hlsd::builtin<W, false>() const { return get(); }
  HLS_INLINE explicit operator bool() const { return get().V != 0; }
  HLS_INLINE int to_int() const { return get().to_int(); }
  HLS_INLINE unsigned to_uint() const { return get().to_uint(); }
  HLS_INLINE long long to_int64() const { return get().to_int64(); }
  HLS_INLINE unsigned long long to_uint64() const { return get().to_uint64(); }
  HLS_INLINE bool and_reduce() const { return get().V == mask(); }
  HLS_INLINE bool or_reduce() const { return get().V != 0; }
  HLS_INLINE bool xor_reduce() const { return get().xor_reduce(); }
  template <hlsd::integer T>
  HLS_INLINE ap_range_ref& operator=(const T& x) {
    put(x);
    return *this;
  }
  HLS_INLINE ap_range_ref& operator=(const ap_range_ref& x) {
    put(x.get());
    return *this;
  }
};

template <class L, class R>
struct ap_concat_ref {
  static constexpr int width = hlsd::bare<L>::width + hlsd::bare<R>::width;
  L left;
  R right;

  HLS_INLINE ap_concat_ref(L l, R r) : left(l), right(r) {}
  HLS_INLINE ap_concat_ref(const ap_concat_ref&) = default;
  HLS_INLINE int length() const { return left.length() + right.length(); }
  HLS_INLINE ap_uint<width> get() const;
  template <hlsd::integer T>
  HLS_INLINE void put(const T& x);
  HLS_INLINE explicit(width > 64) operator hlsd::builtin<width, false>() const { return get(); }
  HLS_INLINE explicit operator bool() const { return get().V != 0; }
  template <hlsd::integer T>
  HLS_INLINE ap_concat_ref& operator=(const T& x) {
    put(x);
    return *this;
  }
  HLS_INLINE ap_concat_ref& operator=(const ap_concat_ref& x) {
    put(x.get());
    return *this;
  }
};

namespace hlsd {

template <class T>
struct reference_operand {
  static constexpr bool ok = true;
  static constexpr bool sign = false;
  static constexpr int width = T::width;
  static HLS_INLINE bits<width> get(const T& x) { return x.get().V; }
};
template <int W, bool S>
struct operand<ap_bit_ref<W, S>> : reference_operand<ap_bit_ref<W, S>> {};
template <int W, bool S>
struct operand<ap_range_ref<W, S>> : reference_operand<ap_range_ref<W, S>> {};
template <class L, class R>
struct operand<ap_concat_ref<L, R>> : reference_operand<ap_concat_ref<L, R>> {};

// What a concatenation keeps of a part: a reference to a value, a copy of a reference.
template <class T>
struct part {
  using type = T;
};
template <int W, bool S>
struct part<ap_int_base<W, S>> {
  using type = const ap_int_base<W, S>&;
};
template <class T>
struct writable_part : part<T> {};
template <int W, bool S>
struct writable_part<ap_int_base<W, S>> {
  using type = ap_int_base<W, S>&;
};

template <int W, bool S>
HLS_INLINE bits<W> part_bits(const ap_int_base<W, S>& x) {
  return static_cast<bits<W>>(x.V);
}
template <class T>
HLS_INLINE bits<T::width> part_bits(const T& x) {
  return x.get().V;
}
template <int W, bool S, class T>
HLS_INLINE void put_part(ap_int_base<W, S>& to, const T& x) {
  to = x;
}
template <class P, class T>
HLS_INLINE void put_part(P& to, const T& x) {
  to.put(x);
}

template <class T>
concept partial = is_class_integer<T>;

}  // namespace hlsd

template <class L, class R>
HLS_INLINE ap_uint<ap_concat_ref<L, R>::width> ap_concat_ref<L, R>::get() const {
  using T = hlsd::bits<width>;
  return ap_uint<width>::from_raw(
      static_cast<T>(static_cast<T>(T(hlsd::part_bits(left)) << right.length()) | T(hlsd::part_bits(right))));
}
template <class L, class R>
template <hlsd::integer T>
HLS_INLINE void ap_concat_ref<L, R>::put(const T& x) {
  const ap_uint<width> v = x;
  hlsd::put_part(right, v);
  hlsd::put_part(left, v >> right.length());
}

template <hlsd::partial L, hlsd::partial R>
HLS_INLINE auto operator,(const L& l, const R& r) {
  return ap_concat_ref<typename hlsd::part<L>::type, typename hlsd::part<R>::type>(l, r);
}
template <hlsd::partial L, hlsd::partial R>
HLS_INLINE auto operator,(L& l, R& r) {
  return ap_concat_ref<typename hlsd::writable_part<L>::type, typename hlsd::writable_part<R>::type>(l, r);
}
template <int W, bool S, hlsd::integer N>
HLS_INLINE ap_uint<W> operator<<(const ap_range_ref<W, S>& x, const N& n) {
  return x.get() << n;
}
template <int W, bool S, hlsd::integer N>
HLS_INLINE ap_uint<W> operator>>(const ap_range_ref<W, S>& x, const N& n) {
  return x.get() >> n;
}
