// SPDX-License-Identifier: Apache-2.0
// A loop of processes: `ask` depends on what `answer` returned; a third process reads a stream only when a
// flag says so.
#include <ap_int.h>
#include <hls_stream.h>

using Data = ap_int<16>;

static void ask(hls::stream<Data>& in, hls::stream<Data>& questions, hls::stream<Data>& answers,
                hls::stream<Data>& odd, hls::stream<bool>& flags, ap_uint<16> count) {
  Data y = 0;
  for (int i = 0; i < count; i++) {
#pragma HLS PIPELINE II = 1
    const Data x = in.read();
    if (i > 0) y = answers.read();
    const Data z = Data(x * y) * x + y;
    questions.write(z + i);
    flags.write(z[0]);
    if (z[0]) odd.write(z);
  }
}

static void answer(hls::stream<Data>& questions, hls::stream<Data>& answers, ap_uint<16> count) {
  for (int i = 0; i < count; i++) {
#pragma HLS PIPELINE II = 1
    const Data v = questions.read();
    if (i < count - 1) answers.write(v * 3 + 1);
  }
}

static void select(hls::stream<Data>& odd, hls::stream<bool>& flags, hls::stream<Data>& out,
                   ap_uint<16> count) {
  Data last = 0;
  for (int i = 0; i < count; i++) {
#pragma HLS PIPELINE II = 1
    const bool take = flags.read();
    if (take) last = odd.read();
    out.write(last * last + i);
  }
}

void feedback(hls::stream<Data>& in, hls::stream<Data>& out, ap_uint<16> count) {
#pragma HLS DATAFLOW
  hls::stream<Data> questions, answers, odd;
  hls::stream<bool> flags;
#pragma HLS STREAM variable = questions depth = 2
#pragma HLS STREAM variable = flags depth = 4
  ask(in, questions, answers, odd, flags, count);
  answer(questions, answers, count);
  select(odd, flags, out, count);
}
