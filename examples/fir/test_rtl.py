# SPDX-License-Identifier: Apache-2.0
"""The SystemVerilog against the C++, bit by bit, with a memory that is slow, stalls, or answers at once."""

import json

import numpy as np
import pytest

from edgemoe.sim.arena import Arena
from edgemoe.sim.dram import DramConfig
from edgemoe.sim.verilated import VerilatedDesign


@pytest.mark.slow
@pytest.mark.parametrize("dram", [{}, {"latency": 1}, {"latency": 200}, {"stall_percent": 50}])
def test_rtl_is_the_cpp(native, overlay, dram):
    offsets = {
        register["name"]: register["offset"]
        for register in json.loads((overlay / "registers.json").read_text())["blocks"]["fir_0"]["registers"]
    }
    rng = np.random.default_rng(len(dram))
    arena = Arena(1 << 20)
    with VerilatedDesign(overlay / "simulation" / "fir.so", arena, DramConfig(**dram)) as design:
        for count in (1, 8, 300):
            source = rng.integers(-(2**31), 2**31, count).astype(np.int32)
            expected = np.zeros(count, np.int32)
            memories = {"x": source.view(np.uint8), "y": expected.view(np.uint8)}
            native.run(memories=memories, scalars={"count": count})

            x, y = place(arena, source), place(arena, np.zeros(count, np.int32))
            for name, value in (("x", x), ("y", y)):
                design.write(offsets[f"{name}_1"], value & 0xFFFFFFFF)
                design.write(offsets[f"{name}_2"], value >> 32)
            design.write(offsets["count"], count)
            design.write(offsets["CTRL"], 1)
            while not design.read(offsets["CTRL"]) & 2:
                design.run(100)
            assert np.array_equal(arena.view(y, 4 * count).view(np.int32), expected)


def place(arena, samples):
    """The device address of a copy of `samples`."""
    address = arena.allocate(samples.nbytes)
    arena.view(address, samples.nbytes)[:] = samples.view(np.uint8)
    return address
