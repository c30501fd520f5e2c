# SPDX-License-Identifier: Apache-2.0
"""An image through both tasks, each way of waiting, compared with the golden model: every element and counter."""

from __future__ import annotations

import asyncio

from edgemoe.backends import Golden
from edgemoe.boardtest.check import SKIPPED, Bench, Check, judged
from edgemoe.cosim.compare import Divergence, compare


def golden(bench: Bench) -> Check:
    """Every stage's tensor, the outputs and the counters of every task."""
    wrong, elements, cycles = [], 0, {}
    reference = Golden(bench.accelerator.workload)
    for task in bench.tasks:
        expected = reference.run(bench.pixels, task, taps=True)
        got = bench.accelerator.run(bench.pixels, task, taps=True)
        comparison = compare(expected, got)
        if comparison.mismatches:
            wrong.append(f"{task}: {comparison.mismatches} elements differ{_first(comparison.first)}")
        elements += len(expected.output) // 2
        cycles[task] = bench.accelerator.run(bench.pixels, task).cycles
    return judged(
        "golden", wrong, f"bit-exact, every task, {elements:,} values", elements=elements, cycles=cycles
    )


def _first(first: Divergence | None) -> str:
    if first is None:
        return ""
    where = f"{first.tensor} {first.index}" if first.index else first.tensor
    return f", the first in {where}: expected {first.golden}, got {first.got} ({first.source})"


def interrupt(bench: Bench) -> Check:
    """The same frame by polling and by interrupt."""
    if not bench.accelerator.ip.interrupts:
        return Check("interrupt", SKIPPED, "the overlay connects no interrupt; runs are polled")
    polled = bench.accelerator.run(bench.pixels, bench.tasks[0])
    rung = asyncio.run(bench.accelerator.run_async(bench.pixels, bench.tasks[0]))
    wrong = [] if polled.output == rung.output else ["by interrupt the output differs from the polled one"]
    return judged("interrupt", wrong, "a run ended by interrupt, output as polled")
