# SPDX-License-Identifier: Apache-2.0
"""Wrong and unsupported programs: the expected message stands in each of them, at the line that it is for.

A line that ends in `// error: text`, `// warning: text` or `// note: text` says what the compiler must say of it; the
text is in the message. `// taken: what` says what a program that compiles without a word is an example of.
`// clock: nanoseconds` and `// ports: name` are options of the compile.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from edgemoe.compiler import CompileError, compile_into

FOLDER = Path(__file__).parent / "refused"
SHIM = Path(__file__).resolve().parents[2] / "hls" / "shim"
CASES = Path(__file__).parent / "cases"
SOURCES = sorted(FOLDER.glob("*.cpp"))
CASE_SOURCES = sorted(p for p in CASES.glob("*.cpp") if "// error: " in p.read_text())
KINDS = ("error", "warning", "note")


@dataclass(frozen=True)
class Expected:
    """What must be said of a line."""

    line: int
    kind: str
    text: str


def expected(text: str) -> list[Expected]:
    """The messages that a program's comments ask for."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        for kind in KINDS:
            _, sign, wanted = line.partition(f"// {kind}: ")
            if sign:
                found.append(Expected(number, kind, wanted.strip()))
    return found


def option(text: str, name: str, default: str) -> str:
    """A program's own option of the compile."""
    return next((x.split(": ")[1] for x in text.split("\n") if x.startswith(f"// {name}: ")), default)


def said(source: Path, folder: Path) -> list[Expected]:
    """All that the compiler says of a program, in its file."""
    text = source.read_text()
    clock, ports = float(option(text, "clock", "5")), option(text, "ports", "axi")
    top = source.stem if f" {source.stem}(" in text else "top"
    try:
        result = compile_into(source, top, include=[SHIM], folder=folder, clock_ns=clock, ports=ports)
    except CompileError as error:
        assert Path(error.file).name == source.name, error
        return [Expected(error.line, "error", error.message)]
    notes = result.program.notes
    assert all(Path(note.loc.file).name == source.name for note in notes), notes
    return [Expected(n.loc.line, "warning" if n.warning else "note", n.text) for n in notes]


@pytest.mark.parametrize("source", [*SOURCES, *CASE_SOURCES], ids=lambda path: path.stem)
def test_the_expected_message_comes(source: Path, tmp_path: Path) -> None:
    wanted, got = expected(source.read_text()), said(source, tmp_path)
    assert wanted or "// taken: " in source.read_text(), f"{source.name} says nothing of what is expected"
    assert len(got) == len(wanted), f"said: {got}"
    for one in wanted:
        assert any(
            (o.line, o.kind) == (one.line, one.kind) and one.text in o.text and one.text for o in got
        ), f"{one} is not among {got}"


def test_there_are_many_of_them() -> None:
    assert sum("// error: " in path.read_text() for path in SOURCES) >= 45
