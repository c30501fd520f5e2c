# SPDX-License-Identifier: Apache-2.0
"""Why hardware does not finish: which process waits at which stream, and the depth with which it goes on.

The run is done again by the schedules, which wait where the hardware waits (`edgemoe.compiler.cyclesim`).
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Mapping, Sequence

from edgemoe.compiler.cyclesim import CycleSimulator
from edgemoe.compiler.cyclesim.simulator import Deadlock, Outcome
from edgemoe.compiler.interp import InterpreterError, Run
from edgemoe.compiler.ir import AxiArg, Program
from edgemoe.compiler.planning import schedule_program

#: Cycles after which a second run is given up.
_LIMIT = 200_000
_ENDLESS = 1 << 30


class _Runs:
    """The same start again and again, from fresh memories."""

    def __init__(
        self,
        program: Program,
        clock_ns: float,
        streams: Mapping[str, Sequence[int]],
        scalars: Mapping[str, int],
    ) -> None:
        self._program = copy.deepcopy(program)
        self._schedules = schedule_program(self._program, clock_ns)
        self._streams, self._scalars = streams, scalars

    def run(self, depths: Mapping[str, int]) -> Outcome:
        data = Run()
        data.streams = {name: deque(values) for name, values in self._streams.items()}
        data.scalars = dict(self._scalars)
        return CycleSimulator(self._program, self._schedules).run(data, limit=_LIMIT, depths=depths)

    def works(self, depths: Mapping[str, int]) -> bool:
        try:
            self.run(depths)
        except InterpreterError:
            return False
        return True


def explain(
    program: Program, clock_ns: float, streams: Mapping[str, Sequence[int]], scalars: Mapping[str, int]
) -> str:
    """Lines for people; empty where the schedules finish, or need a memory outside."""
    if any(isinstance(arg, AxiArg) for arg in program.functions[program.top].args):
        return ""
    runs = _Runs(program, clock_ns, streams, scalars)
    try:
        runs.run({})
    except Deadlock as error:
        depths = _depths(runs, error)
        hints = [f"depth={depth} of stream '{name}' works for this input" for name, depth in depths.items()]
        return "\n  ".join([str(error), *hints])
    return ""


def _depths(runs: _Runs, error: Deadlock) -> dict[str, int]:
    """The least depths of the channels that were full, one after the other, with which the run finishes."""
    depths: dict[str, int] = {}
    while True:
        full = [name for name in error.full if name not in depths]
        if not full:
            return {}  # not a matter of depths
        depths |= dict.fromkeys(full, _ENDLESS)
        try:
            most = runs.run(depths).most
            break
        except Deadlock as again:
            error = again
    depths = {name: max(1, most[name]) for name in depths}
    if not runs.works(depths):
        return {}
    for name in depths:
        low, high = 0, depths[name]  # works with `high`, not with `low`
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if runs.works(depths | {name: middle}) else (middle, high)
        depths[name] = high
    return depths
