# SPDX-License-Identifier: Apache-2.0
"""Runs inside the simulator: random calls of every test program, with random stalls, against given results."""

from __future__ import annotations

import random
from typing import Any

import cocotb
from bench import Bench, parameters
from cocotbext.axi import AxiBus, AxiRam

JOB = parameters() or {"calls": []}


@cocotb.test()
@cocotb.parametrize(number=range(len(JOB["calls"])))
async def call(dut: Any, number: int) -> None:
    job = JOB["calls"][number]
    program, seed = job["program"], job["seed"]
    bench = Bench(dut, random.Random(seed), prefix=f"{program}_", stalls=job["stalls"])
    for name, values in job["streams"].items():
        bench.input(name, values)
    for name in job["want_streams"]:
        bench.output(name)
    rams = {}
    for bundle, data in job["memories"].items():
        bus = AxiBus.from_prefix(dut, f"{program}_m_axi_{bundle}", case_insensitive=True)
        rams[bundle] = AxiRam(bus, dut.ap_clk, dut.ap_rst_n, reset_active_level=False, size=1 << 16)
        rams[bundle].write(0, bytes.fromhex(data))
    await bench.start_clock()
    await bench.call(job["scalars"])
    await bench.drain({name: len(values) for name, values in job["want_streams"].items()})
    where = f"{program}, seed {seed}, stalls up to {job['stalls']:.0%}"
    for name, values in job["want_streams"].items():
        assert bench.outputs[name].values == values, f"{where}: stream {name} differs"
    for name, value in job["want_outputs"].items():
        got = int(bench.signal(name).value) % (1 << job["widths"][name])
        assert got == value, f"{where}: output {name} differs"
    for name, port in bench.inputs.items():
        assert not port.queue, f"{where}: {len(port.queue)} elements of {name} were not read"
    for bundle, data in job["want_memories"].items():
        assert rams[bundle].read(0, len(data) // 2).hex() == data, f"{where}: memory {bundle} differs"
