# SPDX-License-Identifier: Apache-2.0
"""Functions with ``#pragma HLS INLINE off`` become fixed-latency modules.

The function ``R f(A a, B b = 3) {...}`` is renamed to ``f__hls_body`` and followed, on the line of its closing brace,
by a function of the old name and head that calls it as a module (``hls_module.h``)::

    R f(A a, B b = 3) { return ::hls::module<&f__hls_body>{}(a, b); }

Every place is clang's own: the renamed text is dumped as a tree, of which only the renamed functions are asked for.
Natively the pragma means nothing and ``f`` is an ordinary function.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from edgemoe.compiler.frontend.source.ast import FunctionNode, read_functions
from edgemoe.compiler.frontend.source.places import Edit, apply
from edgemoe.compiler.frontend.source.rewrite import Marked
from edgemoe.compiler.frontend.source.structure import Opens, Structure, read_structure
from edgemoe.compiler.frontend.source.tokens import Kind, Token
from edgemoe.compiler.ir import Loc

#: What the renamed functions' names have in common, and clang's dump is filtered by.
SUFFIX = "__hls_body"
#: The header that a module needs.
HEADER = "hls_module.h"

#: Types that are ports, not values.
_PORTS = ("hls::stream<", "hls::stream_of_blocks<", "hls::burst_maxi<")


@dataclass(frozen=True, slots=True)
class Outlined:
    """The text with its modules, and the functions that cannot be one: (name, reason) by the pragma's place."""

    text: str
    obstacles: dict[Loc, tuple[str, str]]


def wanted_modules(marked: list[Marked]) -> list[Marked]:
    """The pragmas that ask for a module."""
    return [item for item in marked if item.written.kind == "inline" and item.written.off]


def outline_modules(
    text: str, structure: Structure, wanted: list[Marked], dump: Callable[[str], str]
) -> Outlined:
    """``text`` with the functions around the pragmas of ``wanted`` made modules.

    dump: clang's tree of a text, limited to names that contain `SUFFIX`.
    """
    obstacles: dict[Loc, tuple[str, str]] = {}
    count: Counter[str] = Counter()
    renames: list[tuple[Marked, Token, str]] = []
    for item in wanted:
        name = _name(item, structure)
        if isinstance(name, str):
            obstacles[item.written.loc] = ("the function", name)
            continue
        count[name.text] += 1
        number = "" if count[name.text] == 1 else str(count[name.text])
        renames.append((item, name, name.text + SUFFIX + number))
    edits: list[Edit] = []
    moved: dict[int, int] = {}  # offset of a name -> its offset in the renamed text
    shift = 0
    for _, token, renamed in sorted(renames, key=lambda rename: rename[1].at):
        edits.append((token.at, token.end, renamed))
        moved[token.at] = token.at + shift
        shift += len(renamed) - len(token.text)
    renamed_text = apply(text, edits)
    functions = read_functions(dump(renamed_text)) if renames else {}
    tokens = read_structure(renamed_text).tokens
    wrappers: list[Edit] = []
    undone: list[tuple[Marked, int]] = []
    for item, token, renamed in renames:
        node = functions.get(moved[token.at])
        reason = _obstacle(node, tokens)
        if reason or node is None:
            obstacles[item.written.loc] = (f"'{token.text}'", reason)
            wrappers.append((moved[token.at], moved[token.at] + len(renamed), token.text))
            undone.append((item, moved[token.at]))
        else:
            wrappers.append((node.end, node.end, " " + _wrapper(node, token.text, renamed, tokens)))
    return Outlined(apply(renamed_text, wrappers), obstacles)


def _name(item: Marked, structure: Structure) -> Token | str:
    """The name of the function around a pragma, or why it cannot be a module."""
    frame = item.directive.innermost(Opens.FUNCTION)
    assert frame is not None
    tokens = structure.tokens[frame.header : frame.token]
    at = _behind_template(tokens)
    depth = 0
    for k in range(at, len(tokens)):
        text = tokens[k].text
        before = tokens[k - 1] if k else None
        if text == "(" and depth == 0 and before is not None:
            if before.text == "]":
                return "it is a lambda; make it a function with a name"
            if before.kind is not Kind.WORD or "operator" in (before.text, tokens[k - 2].text):
                return "it is an operator or a specialisation; give its work to a function with a name of its own"
            if before.text not in ("__attribute__", "alignas", "decltype", "requires"):
                if k >= 2 and tokens[k - 2].text == "::":
                    return "it is defined outside its class or namespace; define it inside"
                return before
        depth += (text in "([{") - (text in ")]}")
    return "it has no parameter list"


def _behind_template(tokens: list[Token]) -> int:
    """The first token behind ``template <...>``, the last if there are several."""
    at = 0
    while at < len(tokens) and tokens[at].text == "template":
        depth, at = 0, at + 1
        brackets = 0
        while at < len(tokens):
            text = tokens[at].text
            brackets += (text in "([{") - (text in ")]}")
            depth += (text == "<" and not brackets) - (text == ">" and not brackets)
            at += 1
            if depth == 0:
                break
    return at


def _obstacle(node: FunctionNode | None, tokens: list[Token]) -> str:
    """Why a function cannot be a module, "" if it can."""
    if node is None:
        return "its definition is not understood"
    result = node.type.partition(" (")[0].partition("(")[0].strip()
    if node.member and not node.static:
        return (
            "it is a member function and works on an object; make it static, or a function outside the class"
        )
    if result == "void":
        return "it returns nothing"
    if result.endswith(("&", "*")):
        return "it returns a pointer or a reference"
    if node.variadic:
        return "the number of its arguments varies"
    if "immediate" in node.flags:
        return "it is consteval"
    if any(not p.name or ":" in p.name for p in node.template):
        return "a parameter of its template has no name; write template <class T> and T instead of auto"
    for number, parameter in enumerate(node.parameters, 1):
        what = f"its parameter '{parameter.name}'" if parameter.name else f"its parameter {number}"
        type_ = parameter.type.removesuffix("...").strip()
        constant = type_.startswith("const ") and not type_.endswith("&&")
        if any(port in type_ for port in _PORTS):
            return f"{what} is a port ({type_}), and a module takes values"
        if type_.endswith("&") and not constant:
            return f"{what} is a reference that it may write through, and a module takes values"
        if type_.endswith(("*", "*const", "]")):
            return (
                f"{what} is a pointer or an array, and a module takes values; pass a struct or an hls::vector"
            )
    if any(node.begin <= token.at < node.name_at and token.text == "friend" for token in tokens):
        return "it is a friend; define it outside the class"
    return ""


def _wrapper(node: FunctionNode, name: str, renamed: str, tokens: list[Token]) -> str:
    """The function of the old name."""
    begin = node.begin if node.template_begin is None else min(node.template_begin, node.begin)
    names = [p.name or f"__hls_argument{k}" for k, p in enumerate(node.parameters)]
    unnamed = {p.at: names[k] for k, p in enumerate(node.parameters) if not p.name}
    head = []
    for token in tokens:
        if not begin <= token.at < node.body:
            continue
        if token.at in unnamed:
            head.append(unnamed[token.at])
        if token.at == node.name_at:
            head.append(name)
        elif token.text != "constexpr" or token.at > node.name_at:
            head.append(token.text)
    if node.template:
        renamed += f"<{', '.join(p.name + '...' * p.pack for p in node.template)}>"
    arguments = ", ".join(n + "..." * p.pack for n, p in zip(names, node.parameters, strict=True))
    return f"{' '.join(head)} {{ return ::hls::module<&{renamed}>{{}}({arguments}); }}"
