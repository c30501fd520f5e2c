# SPDX-License-Identifier: Apache-2.0
"""Small helpers for writing SystemVerilog: identifiers, literals, declarations, comments."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from pathlib import PurePath

from edgemoe.compiler.ir import Loc

# Words of SystemVerilog and of C++ (Verilator's models) that a user may well have chosen as a name.
_RESERVED_TEXT = """
accept_on alias always and assert assign assume automatic before begin bind bins bit break buf
byte case cell chandle checker class clocking cmos config const constraint context continue cover
cross deassign default defparam design disable dist do edge else end endcase enum event expect
export extends extern final first_match for force foreach forever fork forkjoin function generate
genvar global highz0 highz1 if iff ifnone import initial inout input inside instance int integer
interface intersect join large let liblist library local localparam logic longint macromodule
matches medium modport module nand negedge new nmos nor not null or output package packed
parameter pmos posedge primitive priority program property protected pull0 pull1 pulldown pullup
pure rand randc real realtime ref reg register release repeat restrict return rtran scalared
sequence shortint shortreal signed small soft solve specify static string strong struct super
supply0 supply1 table tagged task this throughout time timeprecision timeunit tran tri type
typedef union unique unsigned until untyped use uwire var vectored virtual void wait wand weak
while wildcard wire with within wor xnor xor auto bool catch char delete double explicit float
friend goto inline long mutable namespace operator private public short sizeof switch template
throw true false try typename using volatile interrupt clk rst start done busy
"""
_RESERVED = frozenset(_RESERVED_TEXT.split())


class Names:
    """Gives every thing of one module its own identifier, also where capitals do not count."""

    def __init__(self) -> None:
        self._used: set[str] = set()  # in lower case
        self._next: dict[str, int] = {}

    def take(self, name: str, suffixes: Iterable[str] = ()) -> str:
        """``name`` as it is, a port's: nobody else gets it, nor it with one of the suffixes."""
        self._used.update((name + end).lower() for end in ["", *suffixes])
        return name

    def fresh(self, wanted: str, suffixes: Iterable[str] = ()) -> str:
        """``wanted`` as a legal identifier; ``x__2`` is the second to be called ``x`` (``x_2`` is its element)."""
        base, key = _legal(wanted)
        ends = ["", *(suffix.lower() for suffix in suffixes)]
        name, lower, count = base, key, self._next.get(key, 1)
        if count > 1:
            name, lower = f"{base}__{count}", f"{key}__{count}"
        while any(lower + end in self._used for end in ends):
            count += 1
            name, lower = f"{base}__{count}", f"{key}__{count}"
        self._next[key] = count
        self._used.update(lower + end for end in ends)
        return name


@functools.cache
def _legal(wanted: str) -> tuple[str, str]:
    """A word as an identifier that SystemVerilog has not taken, and that in lower case."""
    base = re.sub(r"\W+", "_", wanted).strip("_") or "t"
    base = safe(f"v{base}" if base[0].isdigit() else base)
    return base, base.lower()


def safe(name: str) -> str:
    """``name``, with an underscore behind it if SystemVerilog or the generated text has taken it."""
    return f"{name}_" if name in _RESERVED else name


def literal(value: int, width: int) -> str:
    """An unsigned literal of ``width`` bits."""
    return f"{width}'d{value}" if value < 10 else f"{width}'h{value:x}"


def span(width: int) -> str:
    """The packed range of a vector, with a space behind it; nothing for a single bit."""
    return f"[{width - 1}:0] " if width > 1 else ""


def any_of(conditions: Iterable[str]) -> str:
    """The disjunction of one-bit expressions."""
    terms = list(dict.fromkeys(conditions))
    if not terms:
        return "1'b0"
    return terms[0] if len(terms) == 1 else " | ".join(grouped(term) for term in terms)


def all_of(conditions: Iterable[str]) -> str:
    """The conjunction of one-bit expressions."""
    terms = list(dict.fromkeys(conditions))
    if not terms:
        return "1'b1"
    return terms[0] if len(terms) == 1 else " & ".join(grouped(term) for term in terms)


def grouped(expression: str) -> str:
    """``expression`` in parentheses unless it is a plain name, slice, literal or negated name."""
    if re.fullmatch(r"~?[\w'$]+(\[[^][]*\])?", expression):
        return expression
    return f"({expression})"


@functools.cache
def _file_name(file: str) -> str:
    return PurePath(file).name


def source(loc: Loc) -> str:
    """``file.cpp:12``, or nothing for an unknown place."""
    return f"{_file_name(loc.file)}:{loc.line}" if loc.line else ""


def remark(loc: Loc, more: str = "") -> str:
    """A comment behind a line of text: where it comes from, and ``more``."""
    parts = [part for part in (source(loc), more) if part]
    return f"  // {', '.join(parts)}" if parts else ""


def indent(lines: Iterable[str], levels: int = 1) -> list[str]:
    """The lines, two spaces a level deeper; empty ones stay empty."""
    return ["  " * levels + line if line else line for line in lines]


def commented_list(items: list[str], separator: str = ",") -> list[str]:
    """``items`` with ``separator`` behind each but the last, keeping trailing ``// comments``."""
    lines = []
    for index, item in enumerate(items):
        code, mark, comment = item.partition("  //")
        lines.append(code + (separator if index + 1 < len(items) else "") + mark + comment)
    return lines
