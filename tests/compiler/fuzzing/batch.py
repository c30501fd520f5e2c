# SPDX-License-Identifier: Apache-2.0
"""Runs programs in every way there is and compares.

Says what it does in small dictionaries: ``{"seed", "stage"}`` before a step that may hang or crash, ``{"seed", "kind",
"detail"}`` for a program's verdict. Kinds: ``ok``, ``undefined`` (native builds differ), ``native`` (the native build
refuses or stops), ``refused`` (a CompileError), ``crash`` (another exception), ``interpreter``, ``schedule``, ``rtl``
(an opinion that differs), ``lint`` (Verilator refuses), ``hang``. Limits are of CPU time: a loaded machine is no hang.
"""

from __future__ import annotations

import os
import random
import re
import signal
import time
import traceback
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from hardware import Rtl

from edgemoe.compiler.cyclesim import CycleSimulator
from edgemoe.compiler.driver import CompileResult, compile_file
from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.interp import Interpreter, Run
from edgemoe.compiler.ir import Direction, ScalarArg, StreamArg
from edgemoe.compiler.native import NativeError, NativeResult, Port, unpack_elements
from edgemoe.compiler.planning import schedule_program
from edgemoe.errors import DeviceError
from fuzzing import native
from fuzzing.extras import MEMORY
from fuzzing.generate import ROUNDS, SUPPLY, Program

SHIM = Path(__file__).resolve().parents[3] / "hls" / "shim"
#: Percent of cycles in which a handshake waits, call by call; no reset between the calls, so statics go on.
STALLS = (25, 60, 80)
#: CPU seconds of this process for compiling a program, or for one of its interpreters.
STEP_SECONDS = 60
CLOCK_NS = 5.0
CACHE = Path(__file__).resolve().parents[3] / "build" / "cache" / "fuzzing"
MAX_CYCLES = 100_000


@dataclass
class Stimulus:
    streams: dict[str, list[int]]
    scalars: dict[str, int]
    memories: dict[str, bytes]

    def buffers(self) -> dict[str, np.ndarray]:
        """The memories as they are before a call, to be written."""
        return {name: np.frombuffer(data, dtype=np.uint8).copy() for name, data in self.memories.items()}


@dataclass
class Result(NativeResult):
    """What a call left behind, memories included."""

    memories: dict[str, list[int]] = field(default_factory=dict)


def result(made: NativeResult, memories: Mapping[str, np.ndarray], widths: Mapping[str, int]) -> Result:
    """A result with the elements of ``memories``."""
    elements = {name: unpack_elements(data.tobytes(), widths[name]) for name, data in memories.items()}
    return Result(made.streams, made.unread, made.outputs, elements)


def stimuli(seed: int, ports: Sequence[Port]) -> list[Stimulus]:
    """What each call of a program gets: streams whose names begin with ``in``, ``count`` rounds, random scalars."""
    rng = random.Random(seed)
    calls = []
    for _ in STALLS:
        given = Stimulus({}, {}, {})
        for port in ports:
            edges = [0, 1, (1 << port.width) - 1, 1 << (port.width - 1), (1 << (port.width - 1)) - 1]
            if port.kind == "stream" and port.name.startswith("in"):
                given.streams[port.name] = [
                    rng.choice(edges) if rng.random() < 0.15 else rng.getrandbits(port.width)
                    for _ in range(SUPPLY)
                ]
            elif port.kind == "input":
                given.scalars[port.name] = ROUNDS if port.name == "count" else rng.getrandbits(port.width)
            elif port.kind == "memory":
                given.memories[port.name] = rng.randbytes(MEMORY * port.width // 8)
        calls.append(given)
    return calls


class Stopped(Exception):
    """A step took longer than it may."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raises `Stopped` after ``seconds`` of CPU time of this process; what it starts has limits of its own."""

    def stop(*_: object) -> None:
        raise Stopped(f"not done after {seconds:g} s of CPU time")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


class Batch:
    """Programs that share a native library and a Verilator model."""

    def __init__(self, programs: Sequence[Program], folder: Path, say: Any, *, rtl: bool = True) -> None:
        self.programs = {p.name: p for p in programs}
        self.folder, self.say, self.rtl = folder, say, rtl
        self.given: dict[str, list[Stimulus]] = {}
        self.widths: dict[str, dict[str, int]] = {}
        self.want: dict[str, list[Result]] = {}
        self.made: dict[str, CompileResult] = {}
        self.times: dict[str, float] = {}

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        start = time.process_time() + sum(os.times()[2:4])
        yield
        self.times[what] = self.times.get(what, 0) + time.process_time() + sum(os.times()[2:4]) - start

    def verdict(self, name: str, kind: str, detail: str = "") -> None:
        made = self.programs.pop(name)
        self.say(
            {"seed": made.seed, "kind": kind, "detail": detail[-1500:], "features": sorted(made.features)}
        )

    def stage(self, name: str, stage: str) -> None:
        self.say({"seed": self.programs[name].seed, "stage": stage})

    def run(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, made in self.programs.items():
            (self.folder / f"{name}.cpp").write_text(made.text)
        with self.timed("native"):
            self.native()
        for name in list(self.programs):
            self.compile(name)
        with self.timed("rtl build"):
            rtl = self.build_rtl() if self.rtl else None
        with self.timed("rtl run"):
            for name in list(self.programs):
                if rtl:
                    self.simulate(rtl, name)
                elif not self.rtl:
                    self.verdict(name, "ok")
        self.say({"times": {k: round(v, 2) for k, v in self.times.items()}})

    # -- native
    def native(self) -> None:
        """Every program's results in the native build."""
        tops = list(self.programs)
        self.stage(tops[0], f"native build of {len(tops)}")
        try:
            library = native.build(tops, self.folder, [SHIM], "pattern")
        except CompileError:
            for name in tops:  # one of them does not build
                self.apart(name)
            return
        for number, name in enumerate(tops):
            self.call(native.Selected(library, number), name)

    def apart(self, name: str) -> None:
        """A program in a library of its own."""
        self.stage(name, "native build")
        try:
            library = native.build([name], self.own_folder(name), [SHIM], "pattern")
        except CompileError as error:
            return self.verdict(name, "native", str(error))
        self.call(native.Selected(library, 0), name)
        return None

    def own_folder(self, name: str) -> Path:
        folder = self.folder / f"{name}.native"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.cpp").write_text(self.programs[name].text)
        return folder

    def call(self, kernel: native.Selected, name: str) -> None:
        self.stage(name, "native run (pattern)")
        try:
            self.given[name] = stimuli(self.programs[name].seed, kernel.ports)
            self.widths[name] = {port.name: port.width for port in kernel.ports}
            self.want[name] = self.natively(kernel, name)
        except NativeError as error:
            self.verdict(name, "native", str(error))

    def natively(self, kernel: native.Selected, name: str) -> list[Result]:
        """The results of all calls."""
        results = []
        for given in self.given[name]:
            memories = given.buffers()
            made = kernel.run(given.streams, given.scalars, memories)
            results.append(result(made, memories, self.widths[name]))
        return results

    def differs(self, name: str, kind: str, detail: str) -> None:
        """The verdict on a program of which an opinion differs: its own fault if another native build differs too."""
        self.stage(name, "native run (zero)")
        try:
            kernel = native.Selected(native.build([name], self.own_folder(name), [SHIM], "zero"), 0)
            defined = self.natively(kernel, name) == self.want[name]
        except (CompileError, NativeError):
            defined = False
        if defined:
            return self.verdict(name, kind, detail)
        return self.verdict(name, "undefined", f"native builds with other fresh variables differ; {detail}")

    # -- the compiler and its interpreters
    def compile(self, name: str) -> None:
        self.stage(name, "compile")
        try:
            with self.timed("compile"), limited(STEP_SECONDS):
                made = compile_file(self.folder / f"{name}.cpp", name, include=[SHIM], out=self.folder / name)
        except CompileError as error:
            return self.verdict(name, "refused", f"line {error.line}: {error.message}")
        except Stopped as error:
            return self.verdict(name, "hang", f"compile: {error}")
        except Exception:
            return self.verdict(name, "crash", traceback.format_exc())
        self.made[name] = made
        for kind in ("interpreter", "schedule"):
            self.stage(name, kind)
            try:
                with self.timed(kind), limited(STEP_SECONDS):
                    wrong = self.interpret(name, kind)
            except Stopped as error:
                return self.verdict(name, "hang", f"{kind}: {error}")
            except Exception:
                return self.differs(name, kind, traceback.format_exc())
            if wrong:
                return self.differs(name, kind, wrong)
        return None

    def interpret(self, name: str, kind: str) -> str:
        """What the interpreter of the IR, or that of its schedule, says otherwise than the native build."""
        made = self.made[name].program
        top = made.functions[name]
        plain = Interpreter(made)
        clocked = CycleSimulator(made, schedule_program(made, CLOCK_NS)) if kind == "schedule" else None
        for call, (given, want) in enumerate(zip(self.given[name], self.want[name], strict=True)):
            widths = self.widths[name]
            memories = {k: unpack_elements(v, widths[k]) for k, v in given.memories.items()}
            run = Run({k: deque(v) for k, v in given.streams.items()}, dict(given.scalars), memories)
            if clocked:
                clocked.run(run, STALLS[call] / 100, self.programs[name].seed + call)
            else:
                plain.run(run)
            got = Result(
                {a.name: list(run.streams[a.name]) for a in top.args if _is(a, StreamArg, Direction.WRITE)},
                {a.name: len(run.streams[a.name]) for a in top.args if _is(a, StreamArg, Direction.READ)},
                {a.name: run.scalars.get(a.name, 0) for a in top.args if _is(a, ScalarArg, Direction.WRITE)},
                run.memories,
            )
            if difference := different(got, want):
                return f"call {call}: {difference}"
        return ""

    # -- hardware
    def build_rtl(self) -> Rtl | None:
        """One model of all that compiled; programs that Verilator refuses are left out."""
        while names := [n for n in self.programs if n in self.made]:
            self.stage(names[0], f"rtl build of {len(names)}")
            try:
                return Rtl.build(
                    [self.made[n] for n in names],
                    self.folder,
                    cache=CACHE,
                    seed=len(names) + self.programs[names[0]].seed,
                    optimise="-O0",
                )
            except DeviceError as error:
                guilty = {n for n in re.findall(r"\b(f\d+)(?:_\w+)?(?:\.sv|\b)", str(error)) if n in names}
                for name in guilty or set(names):
                    self.verdict(name, "lint", str(error))
        return None

    def simulate(self, rtl: Rtl, name: str) -> None:
        made = self.programs[name]
        self.stage(name, "rtl run")
        try:
            for call, (stall, given, want) in enumerate(
                zip(STALLS, self.given[name], self.want[name], strict=True)
            ):
                memories = given.buffers()
                out = rtl.run(
                    name,
                    given.streams,
                    given.scalars,
                    memories,
                    stall=stall,
                    seed=made.seed + call,
                    offset=64 * call,
                    limit=MAX_CYCLES,
                )
                got = result(NativeResult(out.streams, out.unread, out.outputs), memories, self.widths[name])
                if difference := different(got, want):
                    return self.differs(name, "rtl", f"stall {stall} %, call {call}: {difference}")
        except DeviceError as error:
            return self.differs(
                name, "hang" if "is not done" in str(error) else "rtl", f"stall {stall} %: {error}"
            )
        self.verdict(name, "ok")
        return None


def _is(argument: Any, kind: type, direction: Direction) -> bool:
    return isinstance(argument, kind) and argument.direction is direction  # type: ignore[attr-defined]


def different(got: Result, want: Result) -> str:
    """The first difference in words, or nothing."""
    for part, values in asdict(want).items():
        for name, value in values.items():
            other = getattr(got, part).get(name)
            if isinstance(value, list) and isinstance(other, list) and value != other:
                at = next((k for k, (a, b) in enumerate(zip(value, other, strict=False)) if a != b), None)
                if at is None:
                    return f"{name} has {len(other)} elements, not {len(value)}"
                return f"{name}[{at}] is {other[at]:#x}, not {value[at]:#x} ({len(value)} elements)"
            if value != other:
                return f"{part} {name} is {other}, not {value}"
    return ""
