# SPDX-License-Identifier: Apache-2.0
"""Drops the debug records of LLVM IR text that cannot name a value.

clang writes a record for each variable of each inlined function, and unrolling copies them all: in a kernel they are
most of the text, and LLVM's passes spend more time on them than on the code. A record is of use while it ties a name
to a number or to a variable in memory; ``this``, pointers that were optimised away, constants and undefined values
have no name to give.
"""

from __future__ import annotations

import re

_NAMELESS = re.compile(
    r"^ *#dbg_value\((?:ptr |!DIArgList|\S+ (?:undef|poison|-?\d+|true|false|zeroinitializer),).*\n",
    re.MULTILINE,
)
_THIS = re.compile(r'^!(\d+) = !DILocalVariable\(name: "this"', re.MULTILINE)
_DECLARE = re.compile(r"^ *#dbg_declare\(ptr [^\n]*?, !(\d+), [^\n]*\n", re.MULTILINE)


def without_nameless(text: str) -> str:
    """``text`` without the records of pointers, constants and undefined values."""
    return _NAMELESS.sub("", text)


def without_this(text: str) -> str:
    """``text`` without the records of ``this``."""
    variables = set(_THIS.findall(text))
    return _DECLARE.sub(lambda found: "" if found[1] in variables else found[0], text)
