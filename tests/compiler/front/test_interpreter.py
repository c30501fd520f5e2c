# SPDX-License-Identifier: Apache-2.0
"""The typed IR of C++ programs, interpreted, equals their native build; so the front end keeps their meaning."""

from __future__ import annotations

import random
import sys
from collections import deque
from pathlib import Path

import numpy as np
import pytest
from natives import fresh_native

from edgemoe.compiler.frontend.build import compile_source
from edgemoe.compiler.interp import Interpreter, Run
from edgemoe.compiler.ir import AxiArg, Direction, Program, ScalarArg, StreamArg
from edgemoe.compiler.native import build_native

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(Path(__file__).parents[1]))
from stimuli import PROGRAMS, STIMULI, Call  # noqa: E402

SHIM = ROOT / "hls" / "shim"
BUILD = ROOT / "build" / "cache" / "programs"
SEEDS = range(6)


def elements(data: np.ndarray, width: int) -> list[int]:
    """A byte array as little-endian elements."""
    size = width // 8
    return [int.from_bytes(data[k : k + size].tobytes(), "little") for k in range(0, len(data), size)]


def interpret(
    interpreter: Interpreter, call: Call
) -> tuple[dict[str, list[int]], dict[str, int], dict[str, list[int]]]:
    """Output streams, output scalars and memories after a call."""
    program: Program = interpreter.program
    run = Run()
    top = program.functions[program.top]
    for arg in top.args:
        if isinstance(arg, StreamArg) and arg.direction is Direction.READ:
            run.streams[arg.name] = deque(v & ((1 << arg.width) - 1) for v in call.streams.get(arg.name, []))
        elif isinstance(arg, AxiArg):
            run.memories[arg.name] = elements(call.memories[arg.name], arg.width)
        elif isinstance(arg, ScalarArg) and arg.direction is Direction.READ:
            run.scalars[arg.name] = call.scalars[arg.name]
    interpreter.run(run)
    outputs = {
        a.name: list(run.streams[a.name])
        for a in top.args
        if isinstance(a, StreamArg) and a.direction is Direction.WRITE
    }
    scalars = {
        a.name: run.scalars.get(a.name, 0)
        for a in top.args
        if isinstance(a, ScalarArg) and a.direction is Direction.WRITE
    }
    return outputs, scalars, run.memories


@pytest.mark.parametrize("name", sorted(STIMULI))
def test_interpreter_equals_native(name: str, tmp_path: Path) -> None:
    source = PROGRAMS / f"{name}.cpp"
    interpreter = Interpreter(compile_source(source, name, [SHIM], tmp_path))
    kernel = fresh_native(build_native(source, name, include=[SHIM], out=BUILD / "native"))
    for seed in SEEDS:
        call = STIMULI[name](random.Random(seed))
        outputs, scalars, memories = interpret(interpreter, call)
        expected = kernel.run(call.streams, call.scalars, call.memories)
        assert outputs == expected.streams, f"seed {seed}"
        assert scalars == expected.outputs, f"seed {seed}"
        for argument, data in memories.items():
            arg = next(a for a in interpreter.program.functions[name].args if a.name == argument)
            assert data == elements(call.memories[argument], arg.width), f"seed {seed}, {argument}"
