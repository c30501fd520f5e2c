#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An FPGA engineer: change a kernel and see the comparison fail, change the specification and see it hold; compile
# a kernel of the own; look at the waves.
set -euo pipefail
. tests/users/expect.sh

make cosim
holds build/cosim/latest/report.json 'it["bit_exact"]'

# GELU without its rounding, in C++ only: status 1, and the place of the first difference.
kernel=hls/include/edgemoe/gelu.hpp
specification=host/edgemoe/numerics.py
sed -i 's/(line + 4096) >> 13/line >> 13/' "$kernel"
test -n "$(git status --porcelain "$kernel")"
status 1 .venv/bin/edgemoe cosim --task depth --out build/changed
holds build/changed/report.json 'not it["bit_exact"] and it["mismatches"] > 0'
holds build/changed/report.json '"hls/include/edgemoe/" in it["first_divergence"]["source"]'
field build/changed/report.json 'it["first_divergence"]'

# The same change in the specification: bit-exact again.
sed -i 's/ \* low + (1 << 12)) >> 13/ * low) >> 13/' "$specification"
test -n "$(git status --porcelain "$specification")"
status 0 .venv/bin/edgemoe cosim --task depth --out build/again
holds build/again/report.json 'it["bit_exact"]'
git checkout -q "$kernel" "$specification"
status 0 .venv/bin/edgemoe cosim --task depth --out build/back

# A kernel of the project, the whole of it, and one of the own.
make synth
test -s build/synth/sim-small/report.json
.venv/bin/edgemoe synth hls/kernels/gelu.cpp --top gelu_kernel
cat >build/scale.cpp <<'CPP'
#include <ap_int.h>
#include <hls_stream.h>

void scale(hls::stream<ap_int<16>>& in, hls::stream<ap_int<32>>& out, ap_uint<16> count, ap_int<16> factor) {
  for (ap_uint<17> i = 0; i < count; ++i) {
#pragma HLS PIPELINE II = 1
    out.write(in.read() * factor);
  }
}
CPP
.venv/bin/edgemoe synth build/scale.cpp --top scale --clock-ns 4 --out build/scale
holds build/scale/report.json 'it["loops"][0]["ii"] == 1'
ls build/scale/*.sv

# What cannot be hardware is refused with its place.
sed 's/in.read() \* factor/in.read() * 0.5f * factor/' build/scale.cpp >build/float.cpp
status 2 .venv/bin/edgemoe synth build/float.cpp --top scale --out build/float
said 'build/float.cpp:7'

# Waves of a small model.
.venv/bin/edgemoe random-package --model nano --seed 1 --layers 1 --out build/one-layer.safetensors
make cosim WAVES=1 TASK=depth MODEL=build/one-layer.safetensors
test -s build/cosim/latest/waves.fst
