// SPDX-License-Identifier: Apache-2.0
// Arrays of structs and of vectors, a partition named in a callee, fixed point, continue and break in a
// pipelined loop.
#include <ap_fixed.h>
#include <ap_int.h>
#include <hls_stream.h>
#include <hls_vector.h>
struct Item {
  ap_uint<5> key;
  ap_int<12> value;
  bool valid;
};
struct Wide {
  ap_int<40> sum;
  ap_uint<64> last;
  int count;
};
using V = hls::vector<ap_int<16>, 4>;
static void put(V (&buf)[32], int i, const V& v) {
#pragma HLS ARRAY_PARTITION variable = buf cyclic factor = 2 dim = 1
  buf[i] = v;
}
void records(hls::stream<ap_uint<64>>& in, hls::stream<ap_int<32>>& out, ap_uint<8> n, ap_int<7> bias) {
  Item items[16];
  V buf[32];
  ap_int<12> grid[3][5] = {};
  for (int i = 0; i < 16; i++) {
    items[i].key = 0;
    items[i].value = 0;
    items[i].valid = false;
  }
  for (int i = 0; i < 32; i++)
    put(buf, i, V(ap_int<16>(i)));
  int total = 0;
  Wide odd{0, 0, 0}, even{0, 0, 1}, third{5, 7, 9};
  for (int i = 0; i < n; i++) {
#pragma HLS PIPELINE II = 2
    ap_uint<64> w = in.read();
    ap_uint<4> a = w;
    ap_uint<5> b = w >> 4;
    if ((w & 3) == 3) {
      total -= 5;
      continue;
    }
    Wide next = (w & 1) != 0 ? odd : (w & 4) != 0 ? third : even;
    next.sum += ap_int<20>(w >> 11);
    next.last ^= w;
    next.count++;
    (w & 8) != 0 ? odd = next : even = next;
    third = next.count > 6 ? even : third;
    Item it;
    it.key = b;
    it.value = ap_int<12>(w >> 9);
    it.valid = a != 3;
    items[a] = it;
    V v = buf[b];
    v[1] = ap_int<16>(v[1] + it.value);
    buf[b] = v;
    grid[a % 3][b % 5] = ap_int<12>(w >> 20);
    if ((w >> 60) == 15) break;
    total += int(it.value) + bias;
  }
  for (int i = 0; i < 16; i++) {
    Item q = items[i];
    if (q.valid)
      out.write(q.value * q.key);
    else
      out.write(-1);
  }
  for (int i = 0; i < 32; i++) {
    int lane = i & 3;
    out.write(buf[i][lane] + buf[31 - i][1]);
  }
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 5; j++)
      out.write(grid[i][j]);
  const Wide& best = odd.sum > even.sum ? odd : even;
  out.write(ap_int<32>(best.sum ^ best.last ^ best.count ^ third.sum));
  ap_fixed<16, 6> x = 1.5;
  ap_fixed<20, 8> y = x * ap_fixed<12, 4>(0.75);
  out.write(ap_int<32>((y * 16).to_int() + total));
}
