#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Someone without a clone: the wheel with all that it asks for, in an environment of its own and an empty folder.
set -euo pipefail
. tests/users/expect.sh

make wheel
wheel=$(ls "$PWD"/dist/edgemoe-*.whl)
mkdir -p build/nowhere/home
python3 -m venv build/nowhere/venv
build/nowhere/venv/bin/pip install -q "$wheel[cosim]"
cp examples/fir/fir.cpp examples/fir/filter_noise.py build/nowhere/
cd build/nowhere
export HOME=$PWD/home PATH=$PWD/venv/bin:$PATH

status 0 edgemoe --help
status 0 edgemoe synth fir.cpp --top fir --overlay overlay
status 0 python -m edgemoe.sim filter_noise.py overlay/fir.bit
said 'as NumPy computes it'
status 0 python -c 'import edgemoe'
status 0 edgemoe infer --backend golden
status 0 edgemoe cosim
said 'bit-exact: every output'
if [[ -n $(ls -A "$HOME") ]]; then
  echo "something was written into the home folder" >&2
  exit 1
fi
