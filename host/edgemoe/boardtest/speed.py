# SPDX-License-Identifier: Apache-2.0
"""Frames a second and power, measured where there is a board; cycles everywhere."""

from __future__ import annotations

import time
from itertools import repeat
from typing import Any

from edgemoe.boardtest.check import FAILED, PASSED, SKIPPED, Bench, Check
from edgemoe.runtime.power import power_watts


def speed(bench: Bench) -> Check:
    """A stream of the same frame through each task: rate by the wall clock and by the counter of cycles."""
    figures: dict[str, dict[str, Any]] = {}
    for task in bench.tasks:
        started, cycles = time.monotonic(), []
        for result in bench.accelerator.stream(repeat(bench.pixels, bench.frames), task):
            cycles.append(result.run.cycles or 0)
        seconds = time.monotonic() - started
        figures[task] = {"frames": len(cycles), "cycles_least": min(cycles), "cycles_most": max(cycles)}
        if not bench.simulated:
            figures[task]["frames_per_second"] = round(len(cycles) / seconds, 2)
        if len(cycles) != bench.frames:
            return Check(
                "speed", FAILED, f"{task}: {len(cycles)} of {bench.frames} frames came back", figures
            )
    return Check(
        "speed", PASSED, "; ".join(_words(task, values) for task, values in figures.items()), figures
    )


def _words(task: str, values: dict[str, Any]) -> str:
    least, most = values["cycles_least"], values["cycles_most"]
    cycles = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    rate = values.get("frames_per_second")
    return f"{task} {cycles} cycles" + (f", {rate:g} frames a second" if rate is not None else "")


def power(bench: Bench) -> Check:
    """Watts of each rail, idle and while frames run."""
    if bench.simulated:  # the sensors that PYNQ would find are those of this computer
        return Check("power", SKIPPED, "the simulated board has no power sensors")
    idle = power_watts()
    if not idle:
        return Check("power", SKIPPED, "PYNQ finds no power sensors on this board")
    samples: dict[str, list[float]] = {name: [] for name in idle}
    for _ in bench.accelerator.stream(repeat(bench.pixels, bench.frames), bench.tasks[0]):
        for name, watts in power_watts().items():
            samples.setdefault(name, []).append(watts)
    busy = {name: round(sum(values) / len(values), 3) for name, values in samples.items() if values}
    figures = {"idle_watts": {name: round(w, 3) for name, w in idle.items()}, "busy_watts": busy}
    text = ", ".join(f"{name} {idle.get(name, 0):.2f} -> {watts:.2f} W" for name, watts in busy.items())
    return Check("power", PASSED, text, figures)
