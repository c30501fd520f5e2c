// SPDX-License-Identifier: Apache-2.0
// Streams of structs that hold arrays, of enumerations and of several widths, passed on by reference and by pointer.
#include <ap_int.h>
#include <hls_stream.h>

enum kind : unsigned char { plain, doubled };
struct pixel {
  ap_uint<5> red;
  short green[3];
  bool on[2][2];
};

template <class T, int N>
static T take(hls::stream<T, N>& from) {
  T x;
  from >> x;
  return x;
}
static void give(hls::stream<pixel>* to, const pixel& x) { *to << x; }

static void spread(hls::stream<int>& in, hls::stream<pixel>& pixels, hls::stream<kind, 3>& kinds,
                   hls::stream<ap_uint<130>>& wide) {
  for (int i = 0; i < 20; i++) {
#pragma HLS PIPELINE II=1
    int x = in.read();
    pixel p;
    p.red = x;
    for (int k = 0; k < 3; k++)
      p.green[k] = x >> (8 * k);
    for (int k = 0; k < 4; k++)
      p.on[k >> 1][k & 1] = x >> (20 + k) & 1;
    give(&pixels, p);
    p.red += 1;
    give(&pixels, p);
    kinds.write(x & 64 ? doubled : plain);
    wide.write(ap_uint<130>(x) << 97);
  }
}
static void gather(hls::stream<pixel>& pixels, hls::stream<kind, 3>& kinds, hls::stream<ap_uint<130>>& wide,
                   hls::stream<int>& out) {
  for (int i = 0; i < 20; i++) {
#pragma HLS PIPELINE II=1
    pixel a = take(pixels), b = take(pixels);
    int sum = a.red - b.red * 2 + a.green[0] + b.green[2];
    if (a.on[1][0]) sum += a.green[1];
    if (take(kinds) == doubled) sum *= 2;
    out.write(sum ^ (take(wide) >> 97).to_int());
  }
}
void packed_elements(hls::stream<int>& in, hls::stream<int>& out) {
#pragma HLS DATAFLOW
  hls::stream<pixel> pixels;
  hls::stream<kind, 3> kinds;
  hls::stream<ap_uint<130>> wide;
#pragma HLS stream depth=2 * 2 variable=wide type=fifo
  spread(in, pixels, kinds, wide);
  gather(pixels, kinds, wide, out);
}
