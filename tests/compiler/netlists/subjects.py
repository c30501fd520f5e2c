# SPDX-License-Identifier: Apache-2.0
"""What runs as a netlist, and the calls it gets: classic programs, idioms of C++, cases, the accelerator's units."""

from __future__ import annotations

import importlib
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from stimuli import CLOCK_NS, PROGRAMS, STIMULI, Call, bits

from edgemoe.compiler.ir import AxiArg, Direction, Function, ScalarArg, StreamArg
from edgemoe.config import board
from edgemoe.kernels import include_folders, kernel_source

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
SHIM = ROOT / "hls" / "shim"
CACHE = ROOT / "build" / "cache" / "netlists"
#: Elements that a stream has ready where the program alone says how many it reads.
PLENTY = 200
CALLS = 3
#: Cases that do not compile, and those that have no results to compare with.
REFUSED = {
    "array_out_argument", "array_out_const", "dataflow_in_loop", "interface_modes", "nonsense_options", "unroll_huge",
}  # fmt: skip
LEFT_OUT = {
    "serve_requests": "which request is served first depends on when each arrives",
    "split_join": "a deadlock, which is its point",
    "struct_scalar_argument": "a native build cannot be called with a struct",
}
UNITS = ("attention", "embedding", "experts", "gelu", "layernorm", "linear", "softmax", "walker")
#: Programs whose gates ABC also rewrites; in others it would take most of the time, in large ones many minutes.
REWRITTEN = {"biquad", "collatz", "histogram", "search", "sine"}


@dataclass(frozen=True)
class Subject:
    """A program; ``calls`` makes calls that follow one another without a reset."""

    name: str
    source: Path
    top: str
    calls: Callable[[Function, int], list[Call]]
    include: Sequence[Path] = (SHIM,)
    clock_ns: float = 5.0
    abc: bool = False


def subjects() -> dict[str, Subject]:
    """All of them by ``<group>/<name>``."""
    for folder in ("cosim", "tests/csim", *(f"cosim/{name}" for name in UNITS)):
        if (path := str(ROOT / folder)) not in sys.path:
            sys.path.append(path)
    made = [*programs(), *idioms(), *cases(), *units()]
    return {subject.name: subject for subject in made}


def programs() -> list[Subject]:
    def maker(name: str) -> Callable[[Function, int], list[Call]]:
        return lambda _, seed: [STIMULI[name](random.Random(f"{seed} {turn}")) for turn in range(CALLS)]

    return [
        Subject(
            f"programs/{name}",
            PROGRAMS / f"{name}.cpp",
            name,
            maker(name),
            clock_ns=CLOCK_NS.get(name, 5.0),
            abc=name in REWRITTEN,
        )
        for name in STIMULI
    ]


def idioms() -> list[Subject]:
    files = sorted((HERE.parent / "language").glob("*.cpp"))
    return [Subject(f"language/{path.stem}", path, path.stem, any_calls) for path in files]


def cases() -> list[Subject]:
    from front.test_cases import top_of
    from test_stream_cases import STIMULI as STREAMS

    def maker(name: str) -> Callable[[Function, int], list[Call]]:
        make = STREAMS[name]
        return lambda _, seed: [Call(make(random.Random(f"{seed} {turn}"))) for turn in range(CALLS)]

    names = [path.stem for path in sorted((HERE.parent / "cases").glob("*.cpp"))]
    made = [
        Subject(
            f"cases/{name}",
            HERE.parent / "cases" / f"{name}.cpp",
            top_of(name),
            maker(name) if name in STREAMS else any_calls,
        )
        for name in names
        if name not in REFUSED | set(LEFT_OUT)
    ]
    found = sorted((HERE.parent / "found").glob("*.cpp"))
    return made + [Subject(f"found/{path.stem}", path, path.stem, any_calls) for path in found]


def any_calls(top: Function, seed: int) -> list[Call]:
    """Random elements, more than are read; numbers small enough to be counts; memories of random bytes."""
    rng = random.Random(seed)
    calls = []
    for _ in range(CALLS):
        call = Call()
        for arg in top.args:
            if isinstance(arg, StreamArg) and arg.direction is Direction.READ:
                call.streams[arg.name] = bits(rng, arg.width, PLENTY)
            elif isinstance(arg, ScalarArg) and arg.direction is Direction.READ:
                call.scalars[arg.name] = rng.choice([0, 1, 2, 5, 16]) & ((1 << arg.width) - 1)
            elif isinstance(arg, AxiArg):
                call.memories[arg.name] = np.frombuffer(rng.randbytes(4096), dtype=np.uint8).copy()
        calls.append(call)
    return calls


@dataclass
class LooseCall(Call):
    """A call that leaves some elements of its output streams open."""

    anything: dict[str, set[int]] = field(default_factory=dict)


def units() -> list[Subject]:
    include = include_folders(board("sim-small"), CACHE)
    return [
        Subject(
            f"kernels/{name}",
            kernel_source(name),
            f"{name}_kernel",
            _cosimulated(name),
            include,
        )
        for name in UNITS
    ]


def _cosimulated(name: str) -> Callable[[Function, int], list[Call]]:
    """The stimuli of the unit's own cosimulation."""

    def calls(top: Function, seed: int) -> list[Call]:
        make = importlib.import_module(f"test_{name}").call
        rng = np.random.default_rng(seed)
        return [_loose(make(rng), top) for _ in range(CALLS)]

    return calls


def _loose(made: Any, top: Function) -> LooseCall:
    """A call as the cosimulation describes it: memories by bundle, None for elements that may be anything."""
    masters = {arg.bundle: arg.name for arg in top.args if isinstance(arg, AxiArg)}
    return LooseCall(
        made.streams,
        {name: value for name, value in made.scalars.items() if name not in masters.values()},
        {masters[b]: np.frombuffer(data, dtype=np.uint8).copy() for b, data in made.memories.items()},
        {name: {k for k, v in enumerate(values) if v is None} for name, values in made.want.items()},
    )
