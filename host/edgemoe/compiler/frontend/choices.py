# SPDX-License-Identifier: Apache-2.0
"""Structs chosen by ``?:`` are copied before the paths join, not through a chosen pointer.

For ``x = c ? a : b`` with structs clang joins the two addresses in a phi and copies from it, which LLVM cannot take
apart. Here each path copies its own struct to a temporary at its end, and the copy after the join reads that.
"""

from __future__ import annotations

import re

from edgemoe.compiler.frontend.layout import Layout, array

_DEFINE = re.compile(r"^define [^\n]*\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_PHI = re.compile(r"^  (%[\w.$-]+) = phi ptr (\[.*?\])(?:, !dbg.*)?$", re.MULTILINE)
_INCOMING = re.compile(r"\[ (%[\w.$-]+), (%[\w.$-]+) \]")
_TYPE = r'%[\w.:$-]+|%"[^"]*"|i\d+|\[[^=]*?\]'

_LARGEST_ALIGNMENT = 8  #: of any type on the 32-bit target


def settle_choices(text: str) -> str:
    """LLVM IR text with no struct copy from a phi of pointers."""
    layout = Layout(dict(re.findall(r'^(%(?:[\w.:$-]+|"[^"]*")) = type (.*)$', text, re.MULTILINE)))
    return _DEFINE.sub(lambda m: _settle(m[0], layout), text)


def _settle(body: str, layout: Layout) -> str:
    phis = {m[1]: _INCOMING.findall(m[2]) for m in _PHI.finditer(body)}
    if not phis:
        return body
    temporaries: dict[str, tuple[str, int]] = {}  # phi -> (type, bytes)
    for name in phis:
        copy = re.search(
            rf"@llvm\.memcpy\.[\w.]+\([^\n]*?, ptr (?:\w+ |\w+\(\d+\) |align \d+ )*{_exact(name)}, i\d+ (\d+), i1",
            body,
        )
        if copy and (type_ := _type(name, int(copy[1]), phis, body, layout, set())):
            temporaries[name] = (type_, int(copy[1]))
    changed = True
    while changed:  # phis that feed a settled phi are settled too
        changed = False
        for name, (type_, size) in list(temporaries.items()):
            for value, _ in phis[name]:
                if value in phis and value not in temporaries:
                    temporaries[value] = (type_, size)
                    changed = True
    return _rewrite(body, phis, temporaries)


def _exact(name: str) -> str:
    return re.escape(name) + r"(?![\w.$-])"


def _type(
    name: str, size: int, phis: dict[str, list[tuple[str, str]]], body: str, layout: Layout, seen: set[str]
) -> str:
    """The type, copied in ``size`` bytes, that one of the incoming pointers points at, "" if none shows it."""
    seen.add(name)
    for value, _ in phis[name]:
        if value in phis:
            found = _type(value, size, phis, body, layout, seen) if value not in seen else ""
        else:
            line = re.search(rf"^  {re.escape(value)} = (alloca|getelementptr) (.*)$", body, re.MULTILINE)
            found = _pointee(line, layout) if line else ""
        if found and _copies(layout, found, size):
            return found
    return ""


def _copies(layout: Layout, type_: str, size: int) -> bool:
    """Whether a copy of ``size`` bytes copies a whole value; padding at its end may be left out."""
    whole = layout.size(type_)
    return whole - _LARGEST_ALIGNMENT < size <= whole


def _pointee(line: re.Match[str], layout: Layout) -> str:
    if line[1] == "alloca":
        found = re.match(rf"({_TYPE}), align", line[2])
        return found[1] if found else ""
    gep = re.match(rf"(?:\w+ )*?({_TYPE}), ptr [^,]+((?:, i\d+ [%\w.$-]+)*)", line[2])
    if not gep:
        return ""
    type_ = gep[1]
    for word in gep[2].split(", ")[2:]:
        if type_.startswith("["):
            type_ = array(type_)[1]
        else:
            type_ = layout.fields(type_)[int(word.split()[1])][1]
    return type_


def _rewrite(
    body: str, phis: dict[str, list[tuple[str, str]]], temporaries: dict[str, tuple[str, int]]
) -> str:
    if not temporaries:
        return body
    copies: dict[str, list[str]] = {}
    for name, (_, size) in temporaries.items():
        for value, block in phis[name]:
            source = f"{value}.chosen" if value in temporaries else value
            copies.setdefault(block, []).append(
                f"  call void @llvm.memcpy.p0.p0.i32(ptr {name}.chosen, ptr {source}, i32 {size}, i1 false)"
            )
    lines: list[str] = []
    block = "%entry"
    first = True
    for line in body.split("\n"):
        label = re.match(r'([\w.$-]+|"[^"]*"):', line)
        if label:
            block = "%" + label[1]
        phi = _PHI.match(line)
        if phi and phi[1] in temporaries:
            continue
        if re.match(r"  (br|switch|ret|unreachable)\b", line):
            lines += copies.get(block, [])
        for name in temporaries:
            if name in line:
                line = re.sub(_exact(name), lambda m: m[0] + ".chosen", line)
        lines.append(line)
        if first and label:
            first = False
            lines += [f"  {name}.chosen = alloca {type_}" for name, (type_, _) in temporaries.items()]
    return "\n".join(lines)
