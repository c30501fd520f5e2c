# SPDX-License-Identifier: Apache-2.0
"""The text of a program reads back as the same program."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from edgemoe.compiler.banks import BankLayout, Dimension, Split
from edgemoe.compiler.frontend.build import compile_source
from edgemoe.compiler.interp import Interpreter
from edgemoe.compiler.ir import NOWHERE, Function, Interface, Kind, Loc, Memory, Note, Program
from edgemoe.compiler.ircheck import check_program
from edgemoe.compiler.irlines import IRSyntaxError
from edgemoe.compiler.irparse import differences, parse_program
from edgemoe.compiler.irtext import program_text
from edgemoe.compiler.passes.pipeline import optimise

sys.path.insert(0, str(Path(__file__).parents[1]))
from front.test_interpreter import interpret
from front.test_ircheck import sound
from front.test_passes import random_function
from fuzzing.generate import program as random_program
from stimuli import PROGRAMS, STIMULI

SHIM = Path(__file__).resolve().parents[3] / "hls" / "shim"


def same(program: Program) -> Program:
    """The program read back from its text, which must be equal in structure and in text."""
    text = program_text(program)
    back = parse_program(text)
    assert list(differences(program, back)) == []
    assert program_text(back) == text
    return back


@pytest.mark.parametrize("name", sorted(STIMULI))
def test_programs_read_back_and_compute_the_same(name: str, tmp_path: Path) -> None:
    program = compile_source(PROGRAMS / f"{name}.cpp", name, [SHIM], tmp_path)
    back = same(program)
    check_program(back, "reading")
    one, other = Interpreter(program), Interpreter(back)
    for seed in range(3):
        call = STIMULI[name](random.Random(seed))
        assert interpret(one, call) == interpret(other, call.copy())


def test_random_programs_read_back(tmp_path: Path) -> None:
    for seed in range(3):
        made = random_program(seed)
        source = tmp_path / f"{made.name}.cpp"
        source.write_text(made.text)
        program = compile_source(source, made.name, [SHIM], tmp_path)
        same(program)


def test_random_functions_read_back() -> None:
    for seed in range(100):
        same(Program("p", "f", {"f": random_function(seed)}))


def test_one_of_everything_reads_back() -> None:
    """Before any pass has run, with elements and promises, and after all."""
    program = sound().program
    program.sources = ["a file; with: marks.hpp", "ünï.cpp"]
    program.notes = [Note(Loc("k.cpp", 2), "a wish; not more"), Note(NOWHERE, "true", warning=True)]
    top = program.functions["top"]
    top.interfaces = [Interface("m_axi", "memory", {"bundle": "g 1", "depth": "5"}, Loc("k;x.cpp", 3))]
    top.loc = Loc('a "b" ; c.cpp', 7)
    same(program)
    optimise(program)
    same(program)


def test_initial_words_read_back() -> None:
    layout = BankLayout((Dimension(3), Dimension(8, Split.BLOCK, 3), Dimension(4, Split.CYCLIC, 2)))
    rng = random.Random(1)
    memory = Memory("m", 70, layout, init=layout.spread([rng.getrandbits(70) for _ in range(96)]))
    function = Function("f", Kind.PROCESS, memories={"m": memory})
    same(Program("p", "f", {"f": function}))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("process f", "begins with 'program'"),
        ("program p top=f\n  block b", "a function expected"),
        ("program p top=f\nprocess f\n  v1:8 = add v2, v3", "a declaration expected"),
        (
            "program p top=f\nprocess f\n  block b\n    v1:8 = add v2, v3\n    return",
            "v2 is not defined in f",
        ),
        (
            "program p top=f\nprocess f\n  block b\n    v1:8 = add 1:8, 2:8 speed=3\n    return",
            "Op has no speed",
        ),
        ("program p top=f\nprocess f\n  block b\n    branch v1 : a() : b()", "v1 is not defined"),
        ("program p top=f\nprocess f\n  block b\n    branch 1:1 : a() : b()", "line 4: ? expected"),
    ],
)
def test_what_is_no_program_is_refused(line: str, reason: str) -> None:
    with pytest.raises(IRSyntaxError, match=reason.replace("?", r"\?")):
        parse_program(line)


def test_a_difference_is_seen() -> None:
    one, other = sound(), sound()
    other.ops["sum"].operands.reverse()
    other.loop.depends[0].distance += 1
    found = list(differences(one.program, other.program))
    assert any("operands[0]" in text for text in found) and any("distance" in text for text in found)
