# SPDX-License-Identifier: Apache-2.0
"""What the native build changes in a kernel's source: dataflow functions start processes.

Works on the tokens of the preprocessed text and keeps its lines, so that diagnostics have the user's:

* ``#pragma HLS DATAFLOW``: each call statement of the function body becomes
  ``spawn("name", [&] { call; });`` and the closing brace waits for all of them;
* ``#pragma HLS STREAM variable=s depth=N`` sets the depth of the native queue;
* declarations of streams in such a function get their names, for the report of a deadlock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgemoe.compiler.frontend.source.places import Edit, Lines, apply
from edgemoe.compiler.frontend.source.pragmas import Dataflow, Stream
from edgemoe.compiler.frontend.source.reading import Written, read_pragma
from edgemoe.compiler.frontend.source.structure import Frame, Opens, Structure
from edgemoe.compiler.frontend.source.tokens import Kind, Token, lex, spell

_KEYWORDS = frozenset(
    {"return", "if", "for", "while", "switch", "do", "else", "static_assert", "sizeof", "throw", "delete"}
)
_SPECIFIERS = frozenset({"static", "const", "constexpr", "thread_local"})
_STREAMS = frozenset({"stream", "stream_of_blocks"})
_OPENING, _CLOSING = frozenset("([{<"), frozenset(")]}>")
_GROUP = "__hls_dataflow"


@dataclass(frozen=True)
class Parameter:
    """A parameter of the top: its C++ type, as written, and its name, "" if it has none."""

    type: str
    name: str


def top_parameters(structure: Structure, top: str) -> list[Parameter] | None:
    """Parameters of the function ``top`` that has its body in a text, or None if there is none."""
    tokens = structure.tokens
    for frame in structure.functions:
        for k in range(frame.header, frame.token - 1):
            if tokens[k].text == top and tokens[k + 1].text == "(":
                inside = tokens[k + 2 : structure.closing[k + 1]]
                return [_parameter(part) for part in split_arguments(inside)]
    return None


def _parameter(tokens: list[Token]) -> Parameter:
    """``const ap_uint<8>& a[4] = {}``: what stands before the default value, and before the extents of an array."""
    end = next((k for k, token in enumerate(tokens) if token.text == "="), len(tokens))
    name = next((k for k, token in enumerate(tokens[:end]) if token.text == "["), end) - 1
    if name < 1 or tokens[name].kind is not Kind.WORD:
        return Parameter(spell(tokens[:end]), "")
    return Parameter(spell(tokens[:name]), tokens[name].text)


def rewrite(text: str, structure: Structure) -> str:
    """``text`` with dataflow functions turned into groups of processes.

    Raises: CompileError for a pragma that is not understood.
    """
    edits: list[Edit] = []
    lines = Lines(text)
    for directive in structure.directives:
        token = directive.token
        written = _pragma(token, lines)
        if written is None:
            continue
        depth = dict(written.numbers).get("depth")
        if written.grammar.record is Stream and depth is not None:
            edits.append((token.at, token.end, f"hls::native::set_depth({written.variable}, {depth});"))
        function = directive.innermost(Opens.FUNCTION)
        if written.grammar.record is Dataflow and function is not None and function.end:
            edits.append((token.at, token.end, f"hls::native::dataflow {_GROUP};"))
            edits += _processes(structure, function)
            end = structure.tokens[function.end].at
            edits.append((end, end, f" {_GROUP}.join(); "))
    return apply(text, edits)


def _pragma(directive: Token, lines: Lines) -> Written | None:
    """A pragma that means something natively."""
    words = [token.text.lower() for token in lex(directive.text[1:])[:3]]
    if words[:2] != ["pragma", "hls"] or words[2:] not in (["dataflow"], ["stream"]):
        return None
    return read_pragma(directive.text, lines.loc(directive.at))


def _processes(structure: Structure, function: Frame) -> Iterator[Edit]:
    """Edits for the statements of a function's body."""
    tokens = structure.tokens
    for first, last in _statements(structure, function):
        statement = tokens[first:last]
        name, opening = _called(statement)
        if name and structure.closing[first + opening] == last - 1:
            yield statement[0].at, statement[0].at, f'{_GROUP}.spawn("{name}", [&] {{ '
            yield tokens[last].at, tokens[last].at, "; })"
        elif names := _streams(statement):
            calls = "".join(f' hls::native::name_stream({n}, "{n}");' for n in names)
            yield tokens[last].end, tokens[last].end, calls


def _statements(structure: Structure, function: Frame) -> Iterator[tuple[int, int]]:
    """The statements of a body that end in a semicolon: numbers of the first token and of the semicolon."""
    tokens, first = structure.tokens, function.token + 1
    k = first
    while k < function.end:
        if k in structure.closing:
            braces = tokens[k].text == "{"
            k = structure.closing[k]
            if braces and tokens[k + 1].text not in (
                ";",
                ",",
                ")",
                "(",
            ):  # not an initialiser, nor a lambda called
                first = k + 1
        elif tokens[k].text == ";":
            if k > first:
                yield first, k
            first = k + 1
        k += 1


def _called(statement: list[Token]) -> tuple[str, int]:
    """The function's name in ``a::b<...>(...)`` and the number of the token ``(``; "" for another statement."""
    for k in range(0, len(statement) - 1, 2):
        if statement[k].kind is not Kind.WORD or statement[k].text in _KEYWORDS:
            break
        if statement[k + 1].text == "::":
            continue
        opening = _behind_angles(statement, k + 1) if statement[k + 1].text == "<" else k + 1
        if opening < len(statement) and statement[opening].text == "(":
            return statement[k].text, opening
        break
    return "", 0


def _streams(statement: list[Token]) -> list[str]:
    """The names that ``hls::stream<T> a, b;`` declares."""
    k = 0
    while k < len(statement) and statement[k].text in _SPECIFIERS:
        k += 1
    if [token.text for token in statement[k : k + 2]] == ["hls", "::"]:
        k += 2
    if k + 1 >= len(statement) or statement[k].text not in _STREAMS or statement[k + 1].text != "<":
        return []
    names = split_arguments(statement[_behind_angles(statement, k + 1) :])
    return [part[0].text for part in names if part and part[0].kind is Kind.WORD]


def _behind_angles(tokens: list[Token], at: int) -> int:
    """The number of the token behind the template arguments that open at ``at``."""
    depth = 0
    for k in range(at, len(tokens)):
        depth += (tokens[k].text in _OPENING) - (tokens[k].text in _CLOSING)
        if depth == 0:
            return k + 1
    return len(tokens)


def split_arguments(tokens: list[Token]) -> list[list[Token]]:
    """The tokens between the commas outside every bracket."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token.text in _OPENING) - (token.text in _CLOSING)
        if token.text == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]
