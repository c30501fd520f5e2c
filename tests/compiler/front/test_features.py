# SPDX-License-Identifier: Apache-2.0
"""Programs that use many parts of the language at once: their IR, interpreted, equals the native build."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from front.test_interpreter import BUILD, SHIM, interpret
from natives import fresh_native
from stimuli import Call, bits

from edgemoe.compiler.frontend.build import compile_source
from edgemoe.compiler.interp import Interpreter
from edgemoe.compiler.native import build_native

PROGRAMS = Path(__file__).parent / "programs"


def records(rng: random.Random) -> Call:
    count = rng.randint(0, 60)
    return Call({"in": bits(rng, 64, count)}, {"n": count, "bias": rng.getrandbits(7)})


def commands(rng: random.Random) -> Call:
    """Commands 1 to 7 with what each reads, then the end."""
    tokens: list[int] = []
    for _ in range(rng.randint(1, 12)):
        kind = rng.randrange(1, 8)
        tokens.append(rng.getrandbits(9) << 3 | kind)
        if kind == 1:
            tokens += bits(rng, 12, 3)
        elif kind == 2:
            tokens += bits(rng, 12, 5)
        elif kind == 3:
            for _ in range(9):
                value = rng.choice([-3, -100, 0, 5])
                tokens.append(value & 0xFFF)
                if value > 0:
                    break
    return Call({"in": [*tokens, 0]}, {})


@pytest.mark.parametrize("stimulus", [records, commands], ids=lambda f: f.__name__)
def test_interpreter_equals_native(stimulus: Callable[[random.Random], Call], tmp_path: Path) -> None:
    name = stimulus.__name__
    source = PROGRAMS / f"{name}.cpp"
    interpreter = Interpreter(compile_source(source, name, [SHIM], tmp_path))
    kernel = fresh_native(build_native(source, name, include=[SHIM], out=BUILD / "native"))
    for seed in range(20):
        call = stimulus(random.Random(seed))
        expected = kernel.run(call.streams, call.scalars, call.memories)
        assert interpret(interpreter, call)[0] == expected.streams, f"seed {seed}"
