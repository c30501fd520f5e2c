# SPDX-License-Identifier: Apache-2.0
"""Edits on LLVM IR text that make every function but processes and modules inlinable, and give the intrinsics plain
integer signatures.

clang passes integers above 64 bits through memory (``sret`` results, ``dead_on_return`` arguments). For intrinsics
those calls are rewritten to direct ones of a twin named ``<intrinsic>.v``; the width stands in the mangled name
(``DU256_`` is ``unsigned _BitInt(256)``).
"""

from __future__ import annotations

import re

_DEFINE = re.compile(r"^define .*?@(?P<name>[\w$.]+)\(.*$", re.MULTILINE)
_BODY = re.compile(r"^define .*?@([\w$.]+)\(.*?\n(.*?)^}", re.MULTILINE | re.DOTALL)
_STRING = re.compile(
    r'^@([\w.]+) = private unnamed_addr constant \[\d+ x i8\] (?:c"([^"]*)"|zeroinitializer)', re.MULTILINE
)
_SRET = re.compile(
    r"\s*call void @(?P<name>\w+)\(ptr [^,]*?sret\((?P<type>i\d+)\)[^,]*? (?P<result>%[\w.]+)(?:, )?(?P<args>.*)\)"
    r"(?P<attributes> #\d+)?(?P<debug>, !dbg !\d+)?$"
)
_INDIRECT = re.compile(
    r"\s*call void @(?P<name>\w+)\((?P<args>.*)ptr dead_on_return noundef (?P<value>%[\w.-]+)\)"
    r"(?P<attributes> #\d+)?(?P<debug>, !dbg !\d+)?$"
)


def strings(text: str) -> dict[str, str]:
    """String constants by the name of their global."""
    return {m[1]: (m[2] or "").replace("\\00", "") for m in _STRING.finditer(text)}


def _attribute_groups(text: str, word: str) -> set[str]:
    groups = re.finditer(r"^attributes #(\d+) = \{(.*?)\}$", text, re.MULTILINE)
    return {m[1] for m in groups if re.search(rf"\b{word}\b", m[2])}


def _group(define: str) -> str:
    found = re.search(r"\) (?:unnamed_addr |local_unnamed_addr )?#(\d+)", define)
    return found[1] if found else ""


def processes(text: str) -> set[str]:
    """Mangled names of the functions that dataflow functions call: they stay functions."""
    names = strings(text)
    inlined = _attribute_groups(text, "alwaysinline")
    defines = {m["name"]: m[0] for m in _DEFINE.finditer(text)}
    found: set[str] = set()
    for body in _BODY.finditer(text):
        markers = re.findall(r"@__hls_pragma\(ptr noundef @([\w.]+)", body[2])
        if any(names.get(marker) == "dataflow" for marker in markers):
            callees = re.findall(r"call void @([\w$.]+)\(", body[2])
            found |= {c for c in callees if c in defines and _group(defines[c]) not in inlined}
    return found


def inline_all(text: str, keep: set[str]) -> str:
    """The text with every local function marked for inlining, but those in ``keep`` and module bodies."""
    noinline = _attribute_groups(text, "noinline") | _attribute_groups(text, "optnone")

    def force_inline(match: re.Match[str]) -> str:
        line = match[0]
        if match["name"] in keep or not re.match(r"define (linkonce_odr|internal|weak_odr)", line):
            return line
        if _group(line) in noinline:
            return line
        return re.sub(
            r"\) ((?:unnamed_addr |local_unnamed_addr )?)#(\d+)", r") \1alwaysinline #\2", line, count=1
        )

    return _DEFINE.sub(force_inline, text)


def direct_intrinsics(text: str) -> str:
    """The text with intrinsics that take and return wide integers directly."""
    lines: list[str] = []
    declarations: dict[str, None] = {}
    for number, line in enumerate(text.split("\n")):
        if "__hls_" in line and "call void" in line:
            if "sret(" in line and (call := _SRET.match(line)):
                lines += _direct_result(call, number, declarations)
                continue
            if "dead_on_return" in line and (call := _INDIRECT.match(line)):
                lines += _direct_argument(call, number, declarations)
                continue
        lines.append(line)
    return "\n".join([*lines, *declarations])


def _direct_result(call: re.Match[str], number: int, declarations: dict[str, None]) -> list[str]:
    widths = re.findall(r"D[UB](\d+)_", call["name"])
    width = widths[0]
    arguments = re.sub(r"noundef (?:nonnull |signext |zeroext )*", "", call["args"])
    types = ", ".join(a.split()[0] for a in arguments.split(", ") if a)
    declarations[f"declare i{width} @{call['name']}.v({types}) nounwind convergent"] = None
    memory_type = call["type"]
    lines = [f"  %hls.w{number} = call i{width} @{call['name']}.v({arguments}){call['debug'] or ''}"]
    value = f"%hls.w{number}"
    if memory_type != f"i{width}":
        lines.append(f"  %hls.z{number} = zext i{width} {value} to {memory_type}")
        value = f"%hls.z{number}"
    lines.append(f"  store {memory_type} {value}, ptr {call['result']}")
    return lines


def _direct_argument(call: re.Match[str], number: int, declarations: dict[str, None]) -> list[str]:
    width = int(re.findall(r"D[UB](\d+)_", call["name"])[-1])
    memory_width = 128 if width <= 128 else -(-width // 64) * 64
    arguments = call["args"].replace("noundef ", "")
    declarations[f"declare void @{call['name']}.v({arguments.split()[0]}, i{width}) nounwind convergent"] = (
        None
    )
    lines = [f"  %hls.z{number} = load i{memory_width}, ptr {call['value']}"]
    value = f"%hls.z{number}"
    if memory_width != width:
        lines.append(f"  %hls.w{number} = trunc i{memory_width} {value} to i{width}")
        value = f"%hls.w{number}"
    lines.append(f"  call void @{call['name']}.v({arguments}i{width} {value}){call['debug'] or ''}")
    return lines
