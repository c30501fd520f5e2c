# SPDX-License-Identifier: Apache-2.0
"""Runs netlists against the native build: the same calls, stalls on every handshake, other noise at every start."""

from __future__ import annotations

import hashlib
from pathlib import Path

from hardware import Outcome, Rtl
from initial_values import check_initial_values
from natives import fresh_native
from stimuli import Call

from edgemoe.compiler.driver import CompileResult, compile_file
from edgemoe.compiler.native import NativeResult, build_native
from netlists.subjects import CACHE, CALLS, LooseCall, Subject
from netlists.synthesis import Netlist, digest_of, netlist

#: Percent of stalled cycles of each run. A run is a new model, whose registers start with other noise.
STALLS = (0, 30, 75)


def compiled(subject: Subject, folder: Path) -> CompileResult:
    """The subject in SystemVerilog, in ``folder``."""
    return compile_file(
        subject.source, subject.top, include=list(subject.include), out=folder, clock_ns=subject.clock_ns
    )


def key_of(subject: Subject, result: CompileResult) -> str:
    """Changes with all that the result of a check depends on, but the native build."""
    return hashlib.sha256(f"{digest_of(result, abc=subject.abc)} {STALLS} {CALLS}".encode()).hexdigest()[:12]


def check(subject: Subject, result: CompileResult) -> Netlist:
    """The netlist of ``result``, after its results were those of the native build of ``subject``.

    Only memories and statics that the source gives values start with some.

    Raises:
        AssertionError: results differ, or Yosys finds something wrong.
        DeviceError: the netlist does not end, or breaks the protocol of a bus.
    """
    check_initial_values(result)
    made = netlist(result, CACHE, abc=subject.abc)
    compare(subject, result, made.path, CACHE / "models")
    return made


def compare(subject: Subject, result: CompileResult, path: Path, models: Path) -> None:
    """Runs the Verilog in ``path`` in the place of ``result``; raises as `check` does. ``models`` keeps its model."""
    for run, stall in enumerate(STALLS):
        # Most models run for some thousand cycles: building them is what takes time.
        rtl = Rtl.build(
            [result],
            models,
            cache=CACHE,
            seed=101 + run,
            netlists={subject.top: path},
            optimise="-O0",
        )
        _compare(rtl, subject, result, stall, run)


def _compare(rtl: Rtl, subject: Subject, result: CompileResult, stall: int, run: int) -> None:
    calls = subject.calls(result.program.functions[subject.top], run)
    native = fresh_native(
        build_native(subject.source, subject.top, include=list(subject.include), out=CACHE / "native")
    )
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
