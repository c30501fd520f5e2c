# SPDX-License-Identifier: Apache-2.0
"""What the native build changes in a kernel's source: dataflow functions start processes.

Works on preprocessed text, line by line, so that diagnostics keep the user's lines:

* ``#pragma HLS DATAFLOW``: each call statement of the function body becomes
  ``spawn("name", [&] { call; });`` and the closing brace waits for all of them;
* ``#pragma HLS STREAM variable=s depth=N`` sets the depth of the native queue;
* declarations of streams in such a function get their names, for the report of a deadlock.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from edgemoe.compiler.frontend.source.reading import read_pragma
from edgemoe.compiler.ir import NOWHERE

_FLAGS = re.IGNORECASE | re.MULTILINE
_DATAFLOW = re.compile(r"^[ \t]*#[ \t]*pragma[ \t]+HLS[ \t]+DATAFLOW\b.*$", _FLAGS)
_STREAM = re.compile(r"^[ \t]*#[ \t]*pragma[ \t]+HLS[ \t]+STREAM\b.*$", _FLAGS)
_CALL = re.compile(r"(?P<name>[A-Za-z_][\w:]*)\s*(?:<[^;{}]*>)?\s*\(.*\)\s*$", re.DOTALL)
_DECLARATION = re.compile(r"(?:hls::)?stream(?:_of_blocks)?\s*<")
_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'|^[ \t]*#[^\n]*""",
    re.DOTALL | re.MULTILINE,
)
_KEYWORDS = {"return", "if", "for", "while", "switch", "do", "else", "static_assert", "sizeof"}
_GROUP = "__hls_dataflow"


@dataclass(frozen=True)
class Parameter:
    """A parameter of the top: its C++ type, as written, and its name."""

    type: str
    name: str


def top_parameters(text: str, top: str) -> list[Parameter] | None:
    """Parameters of the function ``top`` defined at namespace scope of ``text``, or None if there is none."""
    blank = _blank(text)
    for match in re.finditer(rf"\b{re.escape(top)}\s*\(", blank):
        close = _matching(blank, match.end() - 1)
        if not blank[close + 1 :].lstrip().startswith("{"):
            continue
        parameters = []
        for part in _split_arguments(blank[match.end() : close]):
            found = re.match(r"(?P<type>.*?)\s*(?P<name>[A-Za-z_]\w*)\s*$", part.strip(), re.DOTALL)
            if found:
                parameters.append(Parameter(" ".join(found["type"].split()), found["name"]))
        return parameters
    return None


def rewrite(text: str) -> str:
    """``text`` with dataflow functions turned into groups of processes."""
    edits: list[tuple[int, int, str]] = []
    blank = _blank(text)
    for match in _STREAM.finditer(text):
        written = read_pragma(match[0], NOWHERE)
        depth = dict(written.numbers).get("depth") if written is not None else None
        if written is not None and depth is not None:
            call = f"hls::native::set_depth({written.variable}, {depth});"
            edits.append((match.start(), match.end(), call))
    for match in _DATAFLOW.finditer(text):
        edits.append((match.start(), match.end(), f"hls::native::dataflow {_GROUP};"))
        start, end = _enclosing(blank, match.start())
        edits += _processes(text, blank, start + 1, end)
        edits.append((end, end, f" {_GROUP}.join(); "))
    for start, end, replacement in sorted(edits, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text


def _processes(text: str, blank: str, start: int, end: int) -> list[tuple[int, int, str]]:
    """Edits for the statements between ``start`` and ``end``, a function body."""
    edits = []
    for first, last in _statements(blank, start, end):
        statement = blank[first:last]
        call = _CALL.match(statement)
        if call and call["name"] not in _KEYWORDS:
            name = call["name"].split("::")[-1]
            edits.append((first, first, f'{_GROUP}.spawn("{name}", [&] {{ '))
            edits.append((last, last, "; })"))
        elif declaration := _DECLARATION.match(statement):
            tail = statement[_matching(statement, declaration.end() - 1, "<>") + 1 :]
            names = [re.match(r"\s*(\w+)", part) for part in _split_arguments(tail)]
            calls = [f' hls::native::name_stream({n[1]}, "{n[1]}");' for n in names if n]
            edits.append((last + 1, last + 1, "".join(calls)))
    return edits


def _blank(text: str) -> str:
    """``text`` with comments, strings and preprocessor lines replaced by blanks of the same length."""
    return _TOKEN.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)


def _matching(blank: str, opening: int, pair: str = "()") -> int:
    """Position of the bracket that closes the one at ``opening``."""
    depth = 0
    for position in range(opening, len(blank)):
        if blank[position] == pair[0]:
            depth += 1
        elif blank[position] == pair[1]:
            depth -= 1
            if depth == 0:
                return position
    return len(blank)


def _enclosing(blank: str, position: int) -> tuple[int, int]:
    """Positions of the braces around ``position``."""
    depth = 0
    for start in range(position - 1, -1, -1):
        if blank[start] == "}":
            depth += 1
        elif blank[start] == "{":
            if depth == 0:
                return start, _matching(blank, start, "{}")
            depth -= 1
    return 0, len(blank)


def _statements(blank: str, start: int, end: int) -> list[tuple[int, int]]:
    """Spans of the statements that end in ``;`` at the outer level, without leading blanks and ``;``."""
    spans = []
    depth = 0
    first = start
    for position in range(start, end):
        character = blank[position]
        if character in "({[":
            depth += 1
        elif character in ")}]":
            depth -= 1
            if depth == 0 and character == "}":
                first = position + 1
        elif character == ";" and depth == 0:
            while blank[first].isspace():
                first += 1
            spans.append((first, position))
            first = position + 1
    return spans


def _split_arguments(text: str) -> list[str]:
    """``text`` cut at the commas outside every bracket."""
    parts, depth, current = [], 0, ""
    for character in text:
        if character in "(<[{":
            depth += 1
        elif character in ")>]}":
            depth -= 1
        if character == "," and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += character
    return [*parts, current] if current.strip() else parts
