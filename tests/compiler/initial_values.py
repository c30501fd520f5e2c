# SPDX-License-Identifier: Apache-2.0
"""Which signals of the emitted SystemVerilog have an initial value: memories and statics that were given one."""

from __future__ import annotations

import re
from pathlib import Path

from edgemoe.compiler.driver import CompileResult
from edgemoe.compiler.ir import Place, Program

#: `initial x = 1;`, `initial for (...) x[k] = 0;`, and the first assignment of `initial begin ... end`.
_INITIAL = re.compile(r"^\s*initial\s+(?:begin\s+|for\s*\([^)]*\)\s*)?(\w+)", re.MULTILINE)
#: A declaration of a variable that also gives it a value; parameters and loop counters are no variables of hardware.
_DECLARED = re.compile(r"^\s*(?:logic|reg|bit|int|integer)\b[^;=(]*=(?!=)", re.MULTILINE)


def given(program: Program) -> list[str]:
    """A name for each bank of memory whose words the source gives."""
    return [
        memory.name
        for function in program.functions.values()
        for memory in function.memories.values()
        if memory.init is not None and memory.place is not Place.BLOCK
        for _ in range(memory.banks)
    ]


def initialised(text: str) -> list[str]:
    """Signals with an initial value in a file of SystemVerilog."""
    assert not (found := _DECLARED.search(text)), f"a declaration with a value: {found[0].strip()}"
    names = _INITIAL.findall(text)
    assert len(names) == len(re.findall(r"\binitial\b", _without_comments(text))), (
        "an initial block of another form"
    )
    return names


def check_initial_values(result: CompileResult) -> None:
    """Raises AssertionError where a signal has an initial value that the source did not give, or lacks one."""
    names = [name for path in result.files for name in initialised(path.read_text())]
    wanted = given(result.program)
    assert len(names) == len(wanted), f"{result.program.top}: {sorted(names)} for {sorted(wanted)}"
    for name in names:
        assert any(name.startswith(memory) for memory in wanted), (
            f"{result.program.top}: {name} was given no value"
        )


def without_initial_values(files: list[Path]) -> str:
    """All files in one, without initial values and without the resets that give them back."""
    text = "\n".join(path.read_text() for path in files)
    text = re.sub(r"^\s*initial begin\n(?:.*\n)*?\s*end\n", "", text, flags=re.MULTILINE)
    return re.sub(r"^\s*initial .*\n", "", text, flags=re.MULTILINE)


def _without_comments(text: str) -> str:
    return re.sub(r"//.*", "", text)
