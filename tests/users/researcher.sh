#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A researcher: how cycles and traffic depend on the experts a token and on the memory, collected as JSON.
set -euo pipefail
. tests/users/expect.sh

make cosim
mkdir -p build/sweep

# Experts a token: more of them cost cycles, and no package needs a rebuild.
for k in 1 2 4; do
  .venv/bin/edgemoe random-package --model nano --seed 7 --top-k "$k" --out "build/sweep/top-$k.safetensors"
  .venv/bin/edgemoe cosim --model "build/sweep/top-$k.safetensors" --task segmentation --out "build/sweep/top-$k" \
    --json >"build/sweep/top-$k.json"
  holds "build/sweep/top-$k.json" 'it["bit_exact"]'
done
cycles() { field "build/sweep/$1.json" 'it["task"]["segmentation"]["cycles"]'; }
(($(cycles top-1) < $(cycles top-2) && $(cycles top-2) < $(cycles top-4)))

# All tokens on one expert: its weights are read once, the others' never.
.venv/bin/edgemoe random-package --model nano --seed 7 --top-k 1 --all-on-one-expert --out build/sweep/one.safetensors
.venv/bin/edgemoe cosim --model build/sweep/one.safetensors --task segmentation --out build/sweep/one --json >build/sweep/one.json
holds build/sweep/one.json 'it["bit_exact"] and {e["expert"] for e in it["task"]["segmentation"]["experts"]} and
  all(e["weight_reads"] == 1 for e in it["task"]["segmentation"]["experts"])'
holds build/sweep/one.json 'len(it["task"]["segmentation"]["experts"]) == len({e["layer"] for e in it["task"]["segmentation"]["experts"]})'

# A slower memory costs cycles and changes no bit.
for latency in 16 64 256; do
  .venv/bin/edgemoe cosim --task segmentation --dram "latency=$latency" --out "build/sweep/latency-$latency" \
    --json >"build/sweep/latency-$latency.json"
  holds "build/sweep/latency-$latency.json" "it['bit_exact'] and it['dram']['latency'] == $latency"
  cmp build/sweep/latency-16/segmentation.npy "build/sweep/latency-$latency/segmentation.npy"
done
(($(cycles latency-16) <= $(cycles latency-64) && $(cycles latency-64) < $(cycles latency-256)))

# The same run again gives the same figures.
.venv/bin/edgemoe cosim --task segmentation --dram latency=256 --out build/sweep/again --json >build/sweep/again.json
[[ $(cycles again) == "$(cycles latency-256)" ]]

# Mistakes that everybody makes once.
status 2 .venv/bin/edgemoe random-package --model nano --seed 7 --top-k 9 --out build/sweep/no.safetensors
said 'top_k'
status 2 .venv/bin/edgemoe cosim --dram latncy=3
said 'latency'
status 2 .venv/bin/edgemoe cosim --model build/sweep/none.safetensors
