# SPDX-License-Identifier: Apache-2.0
"""``#pragma HLS`` lines of preprocessed C++ become marker calls, which clang keeps and carries into its IR.

``#pragma HLS PIPELINE II=N`` becomes, on the same line, ::

    __hls_pragma("pipeline", "", (const void*)0, "ii", (long)(N));

Numbers are passed as C++ expressions, so constants and template arguments work. The marker is declared in
``hls_intrinsics.h``; :mod:`edgemoe.compiler.frontend.markers` reads it back.
"""

from __future__ import annotations

import re

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.modules import outline_modules

#: Options whose value is a number; all others are words.
NUMERIC = frozenset({"ii", "factor", "dim", "depth", "distance", "min", "max", "avg", "latency"})

#: Pragmas that reach the compiler, with the option that names a variable.
KNOWN = {
    "pipeline": None,
    "unroll": None,
    "array_partition": "variable",
    "dependence": "variable",
    "stream": "variable",
    "dataflow": None,
    "interface": None,
    "loop_tripcount": None,
}
#: Advice to a vendor's compiler that changes nothing here.
IGNORED = frozenset(
    {
        "inline",
        "loop_flatten",
        "latency",
        "bind_op",
        "bind_storage",
        "allocation",
        "expression_balance",
        "top",
        "stable",
    }
)

_PRAGMA = re.compile(r"\s*#\s*pragma\s+HLS\s+(\w+)(.*)$", re.IGNORECASE)
_LINE_MARKER = re.compile(r'#\s*(?:line\s+)?(\d+)\s+"((?:[^"\\]|\\.)*)"')
_OPTION = re.compile(r"(\w+)\s*=\s*((?:\([^()]*\)|[^\s()])+)")


def rewrite_pragmas(text: str) -> str:
    """``text`` with every HLS pragma replaced by a marker on its own line; line numbers stay."""
    lines = text.split("\n")
    pragmas: list[tuple[int, str]] = []  # line index, marker
    outlined: list[int] = []  # line indices of INLINE off
    file, line = "", 0
    where: dict[int, tuple[str, int]] = {}
    for index, content in enumerate(lines):
        line += 1
        marker = _LINE_MARKER.match(content)
        if marker:
            line, file = int(marker[1]) - 1, marker[2]
            continue
        pragma = _PRAGMA.match(content)
        if not pragma:
            continue
        where[index] = (file, line)
        kind, rest = pragma[1].lower(), pragma[2]
        if kind == "inline" and re.search(r"\boff\b", rest, re.IGNORECASE):
            outlined.append(index)
            lines[index] = ""
            continue
        pragmas.append((index, _marker(kind, rest, file, line)))
    for index, marker_text in pragmas:
        lines[index] = marker_text
    return "\n".join(outline_modules(lines, outlined, where))


def _marker(kind: str, rest: str, file: str, line: int) -> str:
    if kind in IGNORED:
        return ""
    if kind not in KNOWN:
        raise CompileError(file, line, f"the pragma HLS {kind.upper()} is not known to this compiler.")
    values = {key.lower(): value for key, value in _OPTION.findall(rest)}
    words = [word.lower() for word in re.findall(r"\w+", _OPTION.sub(" ", rest))]
    variable = values.pop(KNOWN[kind] or "", None)
    if KNOWN[kind] and variable is None:
        raise CompileError(file, line, f"the pragma HLS {kind.upper()} needs {KNOWN[kind]}=.")
    for key in [key for key in values if key not in NUMERIC]:
        words.append(f"{key}={values.pop(key)}")
    address = f"(const void*)&({variable})" if variable else "(const void*)0"
    numbers = "".join(f', "{key}", (long)({value})' for key, value in values.items())
    return f'__hls_pragma("{kind}", "{" ".join(words)}", {address}{numbers});'
