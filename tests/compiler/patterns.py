# SPDX-License-Identifier: Apache-2.0
"""Random pipelined loops that read and write streams in many patterns: how often, in which branch, how late."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

_HEAD = """// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void {name}(hls::stream<unsigned>& in, hls::stream<unsigned>& more, hls::stream<unsigned>& out) {{
  unsigned memory[16];
  for (int i = 0; i < 16; i++) memory[i] = i * 3;
  memory[3] = more.read();
"""


@dataclass
class Pattern:
    """One program; every loop of it asks for an II of its own."""

    seed: int
    rng: random.Random = field(init=False)
    lines: list[str] = field(default_factory=list)
    count: int = 0
    reads: int = 0

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)

    @property
    def name(self) -> str:
        return f"pattern{self.seed}"

    def text(self, loops: int = 5) -> str:
        """The source of a top with streams ``in``, ``more`` and ``out``."""
        self.lines = [_HEAD.format(name=self.name)]
        for _ in range(loops):
            self._loop()
        return "\n".join([*self.lines, "  out.write(memory[3]);", "}", ""])

    def _loop(self) -> None:
        rng = self.rng
        self.lines.append(f"  for (unsigned i = 0, sum = 1; i < {rng.choice([1, 2, 7, 15])}; i++) {{")
        self.lines.append(f"#pragma HLS PIPELINE II={rng.choice([1, 1, 1, 2, 3, 5])}")
        self.reads = rng.randint(1, 5)
        known = ["i"]
        self._block(known, 2, rng.randint(3, 7))
        if rng.random() < 0.5:
            self.lines.append(f"    sum = sum {rng.choice('+*^')} {rng.choice(known)};")
            self.lines.append("    out.write(sum);")
        if rng.random() < 0.3:
            self.lines.append(f"    if (({rng.choice(known)} & 31) == 5) break;")
        self.lines.append("  }")

    def _block(self, known: list[str], depth: int, statements: int) -> None:
        """Statements that may use the names ``known``, and add to them."""
        for _ in range(statements):
            self._statement(known, depth)

    def _statement(self, known: list[str], depth: int) -> None:
        rng = self.rng
        kind = rng.choice(["read", "read", "read", "write", "if", "if", "memory", "compute"])
        if kind == "read" and self.reads:
            self.reads -= 1
            stream = rng.choice(["in", "in", "in", "more"])
            self._define(known, f"{stream}.read()")
        elif kind == "write":
            self.lines.append(f"    out.write({self._value(known)});")
        elif kind == "if" and depth:
            self.lines.append(f"    if ({self._condition(known)}) {{")
            self._block(list(known), depth - 1, rng.randint(1, 3))
            if rng.random() < 0.5:
                self.lines.append("    } else {")
                self._block(list(known), depth - 1, rng.randint(1, 3))
            self.lines.append("    }")
        elif kind == "memory" and rng.random() < 0.4:
            self.lines.append(f"    memory[{rng.choice(known)} & 15] += {self._value(known)};")
        else:
            self._define(known, self._value(known))

    def _define(self, known: list[str], value: str) -> None:
        self.count += 1
        self.lines.append(f"    unsigned v{self.count} = {value};")
        known.append(f"v{self.count}")

    def _value(self, known: list[str]) -> str:
        rng = self.rng
        first, second = rng.choice(known), rng.choice(known)
        return rng.choice(
            [first, f"{first} {rng.choice('+-^&')} {second}", f"{first} * {second} + i", f"{first} >> 3"]
        )

    def _condition(self, known: list[str]) -> str:
        rng = self.rng
        first, second = rng.choice(known), rng.choice(known)
        return rng.choice(
            [f"{first} & {rng.choice([1, 2, 4])}", f"({first} & 3) == 1", f"{first} > {second}", "i & 1"]
        )
