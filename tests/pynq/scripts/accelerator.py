# SPDX-License-Identifier: Apache-2.0
"""One run of the accelerator with PYNQ's own API only: `accelerator.py OVERLAY poll|interrupt`.

The regions of memory lie beside the overlay as NumPy files, and so does the output that must come.
"""

import asyncio
import sys
from pathlib import Path

import numpy as np
from pynq import Overlay, allocate

path, how = Path(sys.argv[1]), sys.argv[2]
overlay = Overlay(str(path))
registers = overlay.accelerator.register_map

buffers = {}
for name in ("program", "weights", "image", "statistics", "output"):
    data = np.load(path.with_name(f"{name}.npy"))
    buffers[name] = allocate(data.shape, data.dtype)
    buffers[name][:] = 0 if name == "output" else data
    buffers[name].flush()
    address = buffers[name].device_address
    setattr(registers, f"{name}_bytes", data.nbytes)
    # the weights are four stripes, one after the other
    places = {f"weights{i}": address + i * data.nbytes // 4 for i in range(4)}
    for register, place in (places if name == "weights" else {name: address}).items():
        setattr(registers, f"{register}_1", place & 0xFFFFFFFF)
        setattr(registers, f"{register}_2", place >> 32)


async def wait():
    while not registers.CTRL.AP_IDLE:
        await overlay.accelerator.interrupt.wait()
    registers.IP_ISR = 1


registers.GIER.Enable = 1
registers.IP_IER.CHAN0_INT_EN = int(how == "interrupt")
registers.CTRL.AP_START = 1
if how == "poll":
    while not registers.CTRL.AP_DONE:
        pass
else:
    asyncio.run(wait())
buffers["output"].invalidate()
print("status", int(registers.status), "cycles", int(registers.cycles) > 1000)
print("equal", np.array_equal(buffers["output"], np.load(path.with_name("output.npy"))))
