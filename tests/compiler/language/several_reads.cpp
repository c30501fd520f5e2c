// SPDX-License-Identifier: Apache-2.0
// Pipelined loops that read a stream several times in an iteration: always, in branches, under conditions that depend
// on what was read just before, beside memories, recurrences and exits that are known late.
#include <ap_int.h>
#include <hls_stream.h>

static int pair(hls::stream<int>& in) {
  int first = in.read();
  return first - in.read();
}

void several_reads(hls::stream<int>& in, hls::stream<int>& out) {
  int memory[64];
  for (int i = 0; i < 64; i++)
    memory[i] = i;
ALWAYS:
  for (int i = 0; i < 8; i++) {
#pragma HLS PIPELINE II=1
    int x = in.read();
    int y = in.read();
    out.write(x * y);
  }
SLOWER:
  for (int i = 0; i < 8; i++) {
#pragma HLS PIPELINE II=5
    out.write(pair(in) ^ pair(in));
  }
UNROLLED:
  for (int i = 0; i < 4; i++) {
#pragma HLS PIPELINE II=1
    for (int j = 0; j < 4; j++)
      out.write(in.read() + i * j);
  }
BRANCHES:
  for (bool last = false; !last;) {
#pragma HLS PIPELINE II=1
    int x = in.read(), s = 0;
    if (x & 1) s = in.read();
    else if (x & 2) s = pair(in);
    if (s > x) s += in.read();
    out.write(s ^ x);
    last = (x & 15) == 15;
  }
HISTOGRAM:
  for (int i = 0; i < 20; i++) {
#pragma HLS PIPELINE II=3
    int at = in.read() & 63;
    int more = in.read();
    memory[at] += more;
    if (more & 1) out.write(memory[more & 63]);
  }
LATE:
  for (int i = 0; i < 20; i++) {
#pragma HLS PIPELINE II=1
    int a = in.read();
    int c = (a ^ (a + 7)) + i;
    c = (c + a) ^ (c - i);
    c = (c - a) ^ (c + i);
    c = (c + a) ^ (c - i);
    if (c & 4) c += in.read();
    out.write(c);
  }
RECURRENCE:
  for (int i = 0, sum = 1; i < 20; i++) {
#pragma HLS PIPELINE II=1
    sum = sum * in.read() + in.read();
    out.write(sum);
    out.write(sum >> 3);
  }
EXIT:
  for (bool on = true; on;) {
#pragma HLS PIPELINE II=1
    int a = in.read(), b = in.read(), c = in.read();
    on = (memory[(a + b) & 63] + c) & 7;
    out.write(a + c);
  }
WAITS:
  for (int got = 0; got < 12;) {
#pragma HLS PIPELINE II=1
    int x;
    if (in.read_nb(x)) {
      out.write(x + got);
      got++;
    }
    if (got < 12 && !in.empty()) {
      out.write(in.read() + got);
      got++;
    }
  }
}
