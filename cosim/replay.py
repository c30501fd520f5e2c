# SPDX-License-Identifier: Apache-2.0
"""Runs inside the simulator: replays recorded calls of designs under random stalls and compares every result.

A job is a list of calls that follow each other without a reset; see ``Job`` in ``kernels.py``. In an expected stream
None stands for an element whose value does not matter.
"""

from __future__ import annotations

import random
from typing import Any

import cocotb
from cocotbext.axi import AxiBus, AxiRam

from bench import Bench, parameters

JOBS = parameters()


@cocotb.test()
@cocotb.parametrize(number=range(len(JOBS)))
async def replay(dut: Any, number: int) -> None:
    job = JOBS[number]
    bench = Bench(dut, random.Random(job["seed"]), prefix=job["prefix"], stalls=job["stalls"])
    for name in job["inputs"]:
        bench.input(name)
    for name in job["outputs"]:
        bench.output(name)
    rams = {}
    for bundle in job["bundles"]:
        bus = AxiBus.from_prefix(dut, f"{job['prefix']}m_axi_{bundle}", case_insensitive=True)
        rams[bundle] = AxiRam(bus, dut.ap_clk, dut.ap_rst_n, reset_active_level=False, size=1 << 16)
        stalls = random.Random(job["seed"])
        for channel in _channels(rams[bundle]):
            channel.set_pause_generator(_pauses(stalls, job["stalls"]))
    await bench.start_clock()
    where = f"{job['name']}, seed {job['seed']}, stalls up to {job['stalls']:.0%}"
    for turn, call in enumerate(job["calls"]):
        await _one_call(bench, call, rams, f"{where}, call {turn}")


async def _one_call(bench: Bench, call: dict[str, Any], rams: dict[str, AxiRam], where: str) -> None:
    for bundle, data in call["memories"].items():
        rams[bundle].write(0, bytes.fromhex(data))
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
        got_value = int(bench.signal(name).value) % (1 << width)
        assert got_value == value, f"{where}: output {name} is {got_value:#x}, expected {value:#x}"
    for name, port in bench.inputs.items():
        assert not port.queue, f"{where}: {len(port.queue)} elements of {name} were not read"
    for bundle, data in call["want_memories"].items():
        assert rams[bundle].read(0, len(data) // 2).hex() == data, f"{where}: memory {bundle} differs"


def _channels(ram: AxiRam) -> list[Any]:
    read, write = ram.read_if, ram.write_if
    return [read.ar_channel, read.r_channel, write.aw_channel, write.w_channel, write.b_channel]


def _pauses(rng: random.Random, most: float) -> Any:
    share = rng.choice([0.0, most, rng.uniform(0.0, most)])
    while True:
        yield rng.random() < share
