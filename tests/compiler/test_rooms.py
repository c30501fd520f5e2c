# SPDX-License-Identifier: Apache-2.0
"""The compiler's rooms: front end, IR, passes, schedule, back end; none imports upwards."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

COMPILER = Path(__file__).resolve().parents[2] / "host" / "edgemoe" / "compiler"

# From the bottom to the top: a room may import rooms of lower floors, and itself. A new room needs a line.
FLOORS: list[set[str]] = [
    {"errors", "banks", "constraints", "headers", "libraries", "limits", "delays", "collector"},
    {"ir"},
    {"irtext", "irlines", "ircheck", "emitter", "operators", "interp_source", "recurrences", "llvmir"},
    {"irparse", "interp", "passes", "schedule", "sink", "turns", "carry", "closure"},
    {"frontend", "backend"},
    {"planning", "report", "native_source", "clocks", "interfaces"},
    {"schedtext", "cyclesim", "native"},
    {"driver", "dump"},
    {"__init__"},
]
#: Some of the scheduler's steps are files of their own.
BESIDE = {
    ("schedule", "sink"), ("sink", "schedule"), ("schedule", "turns"), ("turns", "schedule"),
    ("sink", "carry"), ("carry", "schedule"), ("carry", "closure"),
}  # fmt: skip
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def rooms_imported(text: str) -> set[str]:
    """Rooms of the compiler that a file imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            inside = node.module == "edgemoe.compiler"
            names = [f"{node.module}.{a.name}" for a in node.names] if inside else [node.module]
        for name in names:
            parts = name.split(".")
            if parts[:2] == ["edgemoe", "compiler"] and len(parts) > 2:
                found.add(parts[2])
    return found


def room_of(path: Path) -> str:
    return path.relative_to(COMPILER).with_suffix("").parts[0]


@pytest.mark.parametrize("path", sorted(COMPILER.rglob("*.py")), ids=lambda p: str(p.relative_to(COMPILER)))
def test_no_room_imports_upwards(path: Path) -> None:
    room = room_of(path)
    assert room in FLOOR, f"{room} is a new room: give it a floor in {Path(__file__).name}"
    for other in rooms_imported(path.read_text()) - {room}:
        if other in FLOOR and (room, other) not in BESIDE:
            assert FLOOR[other] < FLOOR[room], f"{path}: {room} may not import {other}"


def test_the_passes_know_neither_source_nor_hardware() -> None:
    for path in sorted((COMPILER / "passes").glob("*.py")):
        assert not rooms_imported(path.read_text()) & {"frontend", "backend", "llvmir", "schedule"}


def test_no_regular_expression_reads_cxx_or_llvm_ir() -> None:
    """Source and IR are objects; two expressions split texts into tokens, one of C++ and one of LLVM's."""
    rooms = ("frontend/**/*.py", "llvmir/*.py", "native*.py", "driver.py")
    for path in (path for room in rooms for path in COMPILER.glob(room)):
        modules = {
            alias.name
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        assert "re" not in modules or path.name == "tokens.py", path


def test_an_upward_import_is_seen() -> None:
    assert rooms_imported("def f():\n    from edgemoe.compiler import driver") == {"driver"}
    assert rooms_imported("import edgemoe.compiler.backend.plan") == {"backend"}
