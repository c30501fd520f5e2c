# SPDX-License-Identifier: Apache-2.0
"""Functions with ``#pragma HLS INLINE off`` become fixed-latency modules.

The function ``R f(A a, B b) {...}`` is renamed to ``f__hls_body`` and followed, on the line of its closing brace, by
a function of the old name that calls it as a module (``hls_module.h``)::

    R f(A a, B b) { return hls::module<&f__hls_body>{}(a, b); }

Templates keep their parameter list. Natively the pragma means nothing and ``f`` is an ordinary function.
"""

from __future__ import annotations

import re

from edgemoe.compiler.errors import CompileError

_SUFFIX = "__hls_body"


def outline_modules(lines: list[str], pragmas: list[int], where: dict[int, tuple[str, int]]) -> list[str]:
    """``lines`` with the functions around the lines of index ``pragmas`` made modules."""
    if not pragmas:
        return lines
    text = "\n".join(lines)
    starts = [0]
    for content in lines:
        starts.append(starts[-1] + len(content) + 1)
    edits: list[tuple[int, int, str]] = []  # from, to, replacement
    for index in pragmas:
        file, line = where[index]
        edits += _outline(text, starts[index], file, line)
    for begin, end, replacement in sorted(edits, reverse=True):
        text = text[:begin] + replacement + text[end:]
    return text.split("\n")


def _outline(text: str, position: int, file: str, line: int) -> list[tuple[int, int, str]]:
    body = _opening_brace(text, position)
    if body < 0:
        raise CompileError(file, line, "the pragma HLS INLINE off must stand in a function's body.")
    begin = max(text.rfind(stop, 0, body) for stop in (";", "}", "{")) + 1
    header = re.sub(r"^[ \t]*#.*$", lambda m: " " * len(m[0]), text[begin:body], flags=re.MULTILINE)
    signature = re.match(
        r"\s*(?P<template>template\s*<(?P<tparams>.*?)>\s*(?=[\w\[]))?(?P<result>.*?)\b(?P<name>\w+)\s*"
        r"\((?P<params>.*)\)\s*(?:noexcept\s*)?$",
        header,
        re.DOTALL,
    )
    if not signature:
        raise CompileError(
            file,
            line,
            "the function with the pragma HLS INLINE off must be a free function with a plain signature.",
        )
    arguments = ", ".join(_last_name(p, file, line) for p in _split(signature["params"]))
    template = _one_line(signature["template"] or "")
    names = ", ".join(_last_name(p.split("=")[0], file, line) for p in _split(signature["tparams"] or ""))
    instance = signature["name"] + _SUFFIX + (f"<{names}>" if names else "")
    result = re.sub(r"\[\[.*?\]\]", "", _one_line(signature["result"])).strip()
    wrapper = (
        f" {template} {result} {signature['name']}({_one_line(signature['params'])}) "
        f"{{ return hls::module<&{instance}>{{}}({arguments}); }}"
    )
    name_at = begin + signature.start("name")
    end = _closing_brace(text, body)
    return [
        (name_at, name_at + len(signature["name"]), signature["name"] + _SUFFIX),
        (end + 1, end + 1, wrapper),
    ]


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _opening_brace(text: str, position: int) -> int:
    """The brace that opens the innermost block around ``position``."""
    depth = 0
    for k in range(position - 1, -1, -1):
        if text[k] == "}":
            depth += 1
        elif text[k] == "{":
            if depth == 0:
                return k
            depth -= 1
    return -1


def _closing_brace(text: str, opening: int) -> int:
    depth = 0
    for k in range(opening, len(text)):
        if text[k] == "{":
            depth += 1
        elif text[k] == "}":
            depth -= 1
            if depth == 0:
                return k
    return len(text) - 1


def _split(text: str) -> list[str]:
    """Comma-separated parts, commas inside brackets apart."""
    parts, depth, current = [], 0, ""
    for c in text:
        depth += c in "(<[{"
        depth -= c in ")>]}"
        if c == "," and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += c
    return [p for p in [*parts, current] if p.strip()]


def _last_name(parameter: str, file: str, line: int) -> str:
    found = re.search(r"(\w+)\s*$", parameter)
    if not found:
        raise CompileError(
            file, line, f"a parameter of a fixed-latency module needs a name: '{parameter.strip()}'."
        )
    return found[1]
