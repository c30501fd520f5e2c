#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A PYNQ user: a program of the own on the simulated board, as it would be written for a real one.
set -euo pipefail
. tests/users/expect.sh

make cosim

# The program of the documentation, as it stands there.
.venv/bin/python -c '
import pathlib, re
page = pathlib.Path("docs/how-to/pynq-program.md").read_text()
pathlib.Path("build/program.py").write_text(re.search(r"```python\n(.*?)```", page, re.DOTALL)[1])'
status 0 .venv/bin/python -m edgemoe.sim build/program.py
said '(64, 128)'

# The overlay loaded twice, registers by MMIO, buffers, both tasks, by interrupt and by polling.
cat >build/own.py <<'PY'
import numpy as np
from pynq import MMIO, Overlay, allocate

import edgemoe

BIT = "build/overlay/sim-small/edgemoe.bit"
first = Overlay(BIT)
print("ip", sorted(first.ip_dict))
kept = first.accelerator
registers = MMIO(first.ip_dict["accelerator"]["phys_addr"], 0x100)
print("idle", bool(registers.read(0) & 4))
print("map", bool(kept.register_map.CTRL.AP_IDLE))

print("driver", type(kept).__name__)

def labels(overlay):
    with edgemoe.Accelerator(overlay) as accelerator:
        accelerator.load("models/nano.package.safetensors")
        tasks = ("segmentation", "depth")
        return [result.value for result in accelerator.stream([("models/street.png", task) for task in tasks])]

before = labels(first)
second = Overlay(BIT)  # as after a reload on a board: the design starts anew
after = labels(second)
print("same", all(np.array_equal(a, b) for a, b in zip(before, after)))

with allocate((4, 4), np.uint32) as buffer:
    buffer[:] = 7
    buffer.flush()
    buffer.invalidate()
    print("buffer", int(buffer.sum()), hex(buffer.device_address))

# What an old handle does is said, not undefined: it works on the design that is loaded, or says why not.
try:
    print("old handle reads", registers.read(0))
except Exception as error:
    print("old handle says", error)
PY
status 0 .venv/bin/python -m edgemoe.sim build/own.py
said 'idle True'
said 'map True'
said 'driver AcceleratorIp'
said 'same True'
said 'buffer 112'
said 'old handle'

# The same bits as the command line's.
.venv/bin/edgemoe infer --backend golden --out build/golden
.venv/bin/python -c '
import numpy as np
assert np.array_equal(np.load("build/golden/segmentation.npy"), np.load("build/cosim/latest/segmentation.npy"))'

# Mistakes that everybody makes once: a wrong path, and an overlay without its description.
cat >build/wrong.py <<'PY'
from pynq import Overlay
try:
    Overlay("build/none.bit")
except Exception as error:
    print("refused:", error)
PY
status 0 .venv/bin/python -m edgemoe.sim build/wrong.py
said 'refused: '
