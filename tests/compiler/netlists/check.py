# SPDX-License-Identifier: Apache-2.0
"""Runs netlists against the native build: the same calls, stalls on every handshake, other noise at every start."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hardware import Outcome, Rtl
from initial_values import check_initial_values
from stimuli import Call

from edgemoe.compiler.driver import CompileResult, compile_file
from edgemoe.compiler.native import NativeKernel, NativeResult, build_native
from netlists.subjects import CACHE, LooseCall, Subject
from netlists.synthesis import Netlist, netlist

#: Percent of stalled cycles of each run. A run is a new model, whose registers start with other noise.
STALLS = (0, 30, 75)


def check(subjects: Sequence[Subject], folder: Path) -> dict[str, Netlist]:
    """The netlist of each subject, after its results were those of the native build; tops have different names.

    Only memories and statics that the source gives values start with some.

    Raises:
        AssertionError: results differ, or Yosys finds something wrong.
    """
    results = [
        compile_file(s.source, s.top, include=list(s.include), out=folder / s.name, clock_ns=s.clock_ns)
        for s in subjects
    ]
    for result in results:
        check_initial_values(result)
    made = [netlist(result, CACHE, abc=s.abc) for s, result in zip(subjects, results, strict=True)]
    paths = {s.top: net.path for s, net in zip(subjects, made, strict=True)}
    for run, stall in enumerate(STALLS):
        rtl = Rtl.build(results, CACHE / "models", cache=CACHE, seed=101 + run, netlists=paths)
        for subject, result in zip(subjects, results, strict=True):
            _compare(rtl, subject, result, stall, run)
    return {s.name: net for s, net in zip(subjects, made, strict=True)}


def fresh_native(subject: Subject, folder: Path) -> NativeKernel:
    """A native build whose statics have their initial values: a library is loaded once a path."""
    library = build_native(subject.source, subject.top, include=list(subject.include), out=CACHE / "native")
    return NativeKernel(Path(shutil.copy(library, folder)))


def _compare(rtl: Rtl, subject: Subject, result: CompileResult, stall: int, run: int) -> None:
    calls = subject.calls(result.program.functions[subject.top], run)
    with tempfile.TemporaryDirectory() as folder:
        native = fresh_native(subject, Path(folder))
        for turn, call in enumerate(calls):
            after = call.copy()
            want = native.run(after.streams, after.scalars, after.memories)
            got = rtl.run(
                subject.top, call.streams, call.scalars, call.memories, stall=stall, seed=10 * run + turn
            )
            where = f"{subject.name}, stall {stall} %, call {turn}"
            assert got.unread == want.unread, where
            assert got.outputs == want.outputs, where
            assert _fixed(got, call) == _fixed(want, call), where
            for argument, data in after.memories.items():
                assert bytes(call.memories[argument]) == bytes(data), f"{where}, memory {argument}"


def _fixed(result: Outcome | NativeResult, call: Call) -> dict[str, list[int | None]]:
    """The output streams without the elements that may be anything."""
    anything = call.anything if isinstance(call, LooseCall) else {}
    return {
        name: [None if k in anything.get(name, ()) else v for k, v in enumerate(values)]
        for name, values in result.streams.items()
    }
