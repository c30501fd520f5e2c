# SPDX-License-Identifier: Apache-2.0
"""Runs inside the simulator: replays recorded calls of designs under random stalls and compares every result.

A job is a list of calls that follow each other without a reset; see ``Job`` in ``kernels.py``. In an expected stream
None stands for an element whose value does not matter.
"""

from __future__ import annotations

import random
from typing import Any

import cocotb

from bench import Bench, parameters

JOBS = parameters()


@cocotb.test()
@cocotb.parametrize(number=range(len(JOBS)))
async def replay(dut: Any, number: int) -> None:
    job = JOBS[number]
    bench = Bench(dut, random.Random(job["seed"]), prefix=job["prefix"], stalls=job["stalls"])
    bench.silence()
    for name in job["inputs"]:
        bench.input(name)
    for name in job["outputs"]:
        bench.output(name).held = name == job["held"]
    for bundle in job["bundles"]:
        bench.memory(bundle)
    if job["registers"]:
        bench.axilite(job["registers"])
    await bench.start_clock()
    where = f"{job['name']}, seed {job['seed']}, stalls up to {job['stalls']:.0%}"
    for turn, call in enumerate(job["calls"]):
        await _one_call(bench, call, f"{where}, call {turn}")


async def _one_call(bench: Bench, call: dict[str, Any], where: str) -> None:
    for bundle, data in call["memories"].items():
        memory = bytes.fromhex(data)
        bench.memories[bundle].data[: len(memory)] = memory
    for bundle, (beats, data) in call["changes"].items():
        bench.memories[bundle].change_after(beats, bytes.fromhex(data))
    for name, values in call["streams"].items():
        bench.input(name, values)
    before = {name: len(port.values) for name, port in bench.outputs.items()}
    await bench.call(call["scalars"])
    want = call["want_streams"]
    await bench.drain({name: before[name] + len(values) for name, values in want.items()})
    for name, values in want.items():
        got = bench.outputs[name].values[before[name] :]
        wrong = [i for i, (g, w) in enumerate(zip(got, values, strict=True)) if w is not None and g != w]
        assert not wrong, (
            f"{where}: {len(wrong)} of {len(values)} elements of {name} differ, the first at {wrong[0]}: "
            f"{got[wrong[0]]:#x}, expected {values[wrong[0]]:#x}"
        )
    for name, (value, width) in call["want_outputs"].items():
        got_value = await bench.scalar(name) % (1 << width)
        assert got_value == value, f"{where}: output {name} is {got_value:#x}, expected {value:#x}"
    for name, port in bench.inputs.items():
        assert not port.queue, f"{where}: {len(port.queue)} elements of {name} were not read"
    for bundle, data in call["want_memories"].items():
        assert bench.memories[bundle].data[: len(data) // 2].hex() == data, (
            f"{where}: memory {bundle} differs"
        )
