#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An ML engineer: train a little, quantise, measure, and run the own package on every back end.
set -euo pipefail
. tests/users/expect.sh

make setup

# A very short training: what comes out is bad, and all the same the whole way is there.
.venv/bin/edgemoe train --model nano --steps 20 --scenes 64 --device cpu --out build/train
.venv/bin/edgemoe scenes --seed 20000000 --count 8 --out build/calibration
.venv/bin/edgemoe quantize build/train/nano.safetensors --calibration build/calibration --out build/nano.safetensors --report build/quant
test -n "$(ls build/quant)"
.venv/bin/edgemoe inspect build/nano.safetensors

# The shipped model is better than those few steps.
.venv/bin/edgemoe scenes --seed 40000000 --count 8 --out build/validation
.venv/bin/edgemoe eval build/nano.safetensors --data build/validation | tee build/mine.txt
.venv/bin/edgemoe eval models/nano.package.safetensors --data build/validation | tee build/shipped.txt
grep -q mIoU build/mine.txt
grep -q mIoU build/shipped.txt

# The own package through the RTL, with no rebuild, and the same bits from every back end of integers.
make cosim MODEL=build/nano.safetensors OUT=build/mine
holds build/mine/report.json 'it["bit_exact"] and it["mismatches"] == 0'
for backend in golden csim rtl; do
  .venv/bin/edgemoe infer --backend "$backend" --model build/nano.safetensors --out "build/infer/$backend"
  for file in segmentation.npy depth.npy features.segmentation.npy features.depth.npy; do
    cmp "build/mine/$file" "build/infer/$backend/$file"
  done
done
.venv/bin/edgemoe infer --backend torch --model build/train/nano.safetensors --out build/infer/torch
test -s build/infer/torch/depth.npy

# A picture of the own, one task.
cp models/street.png build/street.jpg
make cosim IMAGE=build/street.jpg TASK=depth OUT=build/street
holds build/street/report.json 'it["bit_exact"] and list(it["task"]) == ["depth"]'

# What is committed is in the project's format.
make format

# Mistakes that everybody makes once.
status 2 .venv/bin/edgemoe eval build/train/nano.safetensors --data build/validation
said 'edgemoe quantize'
status 2 .venv/bin/edgemoe quantize build/none.safetensors --calibration build/calibration --out build/x.safetensors
status 2 .venv/bin/edgemoe quantize build/train/nano.safetensors --calibration build/none --out build/x.safetensors
said 'edgemoe scenes'
