# SPDX-License-Identifier: Apache-2.0
"""Random programs: integers of many widths, branches, loops, memories, a table, a module of fixed latency.

Nothing in them is undefined: indices are masked to the memory's size, shift amounts to the value's width, divisors are
made odd, every variable is initialised. Each round reads one word, and writes one into which every variable is folded.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

WIDTHS = [1, 2, 3, 7, 8, 9, 13, 16, 17, 24, 31, 32, 33, 40, 48, 63, 64, 65, 80, 100, 128, 129, 160]
WORD = 256


@dataclass(frozen=True)
class Var:
    name: str
    width: int
    signed: bool

    @property
    def type(self) -> str:
        return type_name(self.width, self.signed)


def type_name(width: int, signed: bool) -> str:
    return f"ap_{'' if signed else 'u'}int<{width}>"


@dataclass
class Memory:
    name: str
    depth: int  # a power of two
    element: Var
    pragma: str


@dataclass
class Generator:
    name: str
    rng: random.Random
    lines: list[str] = field(default_factory=list)
    scope: list[Var] = field(default_factory=list)
    memories: list[Memory] = field(default_factory=list)
    count: int = 0
    depth: int = 1

    def emit(self, line: str) -> None:
        self.lines.append("  " * self.depth + line)

    def fresh(self, prefix: str = "v") -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def random_type(self) -> tuple[int, bool]:
        return self.rng.choice(WIDTHS), self.rng.random() < 0.5

    def pick(self) -> Var:
        return self.rng.choice(self.scope)

    def index(self, memory: Memory) -> str:
        return f"int(ap_uint<{memory.depth.bit_length() - 1}>({self.pick().name}))"

    def amount(self, width: int) -> str:
        """A shift amount below ``width``, constant or not."""
        if self.rng.random() < 0.5 or width < 4:
            return str(self.rng.randrange(width))
        return f"ap_uint<{(width - 1).bit_length() - 1}>({self.pick().name})"

    def expression(self) -> str:
        a, b, c = self.pick(), self.pick(), self.pick()
        compare = self.rng.choice(["<", "<=", ">", ">=", "==", "!="])
        chosen = type_name(*self.random_type())
        forms = [
            f"{a.name} + {b.name}",
            f"{a.name} - {b.name}",
            f"{a.name} & {b.name}",
            f"{a.name} | ~{b.name}",
            f"{a.name} ^ {b.name}",
            f"{a.name} >> {self.amount(a.width)}",
            f"{a.name} << {self.amount(a.width)}",
            f"-{a.name}",
            f"{a.name} {compare} {b.name} ? {chosen}({b.name}) : {chosen}({c.name})",
            f"({a.name} {compare} {b.name}) && ({c.name} != 0)",
            f"({a.name} + {b.name}) - {c.name}",
        ]
        if a.width + b.width <= WORD:
            forms += [f"{a.name} * {b.name}"] * 2
        if max(a.width, b.width) <= 40:
            forms.append(f"{a.name} {self.rng.choice('/%')} {type_name(b.width + 1, b.signed)}({b.name} | 1)")
        if a.width > 1 and a.name.startswith("v"):  # a loop's own int has no bits to pick
            lo = self.rng.randrange(a.width)
            hi = self.rng.randrange(lo, a.width)
            forms += [f"{a.name}({hi}, {lo})", f"{a.name}[{lo}]"]
        if a.width + b.width <= WORD:
            forms.append(f"ap_uint<{a.width + b.width}>(({a.name}, {b.name}))")
        if self.memories:
            memory = self.rng.choice(self.memories)
            forms += [f"{memory.name}[{self.index(memory)}]"] * 2
        forms.append(f"kTable[int(ap_uint<4>({a.name}))]")
        forms.append(f"{self.name}_mix(ap_int<20>({a.name}), ap_uint<11>({b.name}))")
        return self.rng.choice(forms)

    def declare(self) -> None:
        width, signed = self.random_type()
        var = Var(self.fresh(), width, signed)
        self.emit(f"{var.type} {var.name} = {var.type}({self.expression()});")
        self.scope.append(var)

    def assign(self) -> None:
        var = self.pick()
        if self.rng.random() < 0.2 and var.width > 2:
            lo = self.rng.randrange(var.width)
            hi = self.rng.randrange(lo, var.width)
            self.emit(f"{var.name}({hi}, {lo}) = {self.pick().name};")
        else:
            self.emit(f"{var.name} = {var.type}({self.expression()});")

    def store(self) -> None:
        memory = self.rng.choice(self.memories)
        self.emit(f"{memory.name}[{self.index(memory)}] = {memory.element.type}({self.expression()});")

    def block(self, statements: int, nest: int) -> None:
        """Statements in a scope of their own."""
        outer = len(self.scope)
        self.depth += 1
        self.statements(statements, nest)
        self.depth -= 1
        del self.scope[outer:]

    def branch(self, nest: int) -> None:
        if self.rng.random() < 0.25:
            self.emit(f"switch (int(ap_uint<2>({self.pick().name}))) {{")
            for case in self.rng.sample(range(4), 2):
                self.emit(f"case {case}: {{")
                self.block(2, nest)
                self.emit("} break;")
            self.emit("default: {")
            self.block(1, nest)
            self.emit("}")
            self.emit("}")
            return
        self.emit(f"if ({self.pick().name} {self.rng.choice(['<', '>', '==', '!='])} {self.pick().name}) {{")
        self.block(self.rng.randint(1, 3), nest)
        if self.rng.random() < 0.5:
            self.emit("} else {")
            self.block(self.rng.randint(1, 3), nest)
        self.emit("}")

    def loop(self, nest: int) -> None:
        name = self.fresh("i")
        bound = str(self.rng.randint(1, 6))
        if self.rng.random() < 0.4:
            bound = f"int(ap_uint<3>({self.pick().name}))"
        limit = self.fresh("n")
        self.emit(f"const int {limit} = {bound};")
        self.emit(f"for (int {name} = 0; {name} < {limit}; {name}++) {{")
        kind = self.rng.random()
        if kind < 0.5:
            self.lines.append(f"#pragma HLS PIPELINE II={self.rng.choice([1, 1, 2])}")
        self.scope.append(Var(name, 32, True))
        target = self.pick_assignable()
        self.block(self.rng.randint(2, 4), 0 if kind < 0.5 else nest)
        self.depth += 1
        self.emit(f"{target.name} = {target.type}({target.name} + {name});")
        if self.rng.random() < 0.2:
            self.emit(f"if ({target.name}[0]) break;")
        self.depth -= 1
        self.scope.pop()
        self.emit("}")

    def pick_assignable(self) -> Var:
        return self.rng.choice([v for v in self.scope if v.name.startswith("v")])

    def statements(self, count: int, nest: int) -> None:
        for _ in range(count):
            kind = self.rng.random()
            if kind < 0.45:
                self.declare()
            elif kind < 0.62:
                saved = self.scope
                self.scope = [v for v in saved if v.name.startswith("v")]
                self.assign()
                self.scope = saved
            elif kind < 0.75 and self.memories:
                self.store()
            elif kind < 0.88:
                self.branch(nest)
            elif nest:
                self.loop(nest - 1)


def program(name: str, seed: int) -> str:
    """The C++ text of a random kernel ``void name(in, out, count)``."""
    rng = random.Random(seed)
    g = Generator(name, rng)
    memories = []
    for number in range(rng.randint(1, 3)):
        width, signed = rng.choice([8, 16, 24, 37, 64]), rng.random() < 0.5
        depth = rng.choice([8, 16, 32])
        pragma = rng.choice(["", "", "complete", "cyclic factor=2", "cyclic factor=4"])
        memories.append(Memory(f"m{number}", depth, Var("", width, signed), pragma))
    for memory in memories:
        g.emit(f"{memory.element.type} {memory.name}[{memory.depth}];")
        if memory.pragma:
            g.lines.append(f"#pragma HLS ARRAY_PARTITION variable={memory.name} {memory.pragma} dim=1")
        g.emit(f"for (int i = 0; i < {memory.depth}; i++) {memory.name}[i] = i * 37 + 5;")
    g.memories = memories
    states = [Var(g.fresh("v"), *g.random_type()) for _ in range(3)]
    for state in states:
        g.emit(f"{state.type} {state.name} = {rng.randrange(-3, 4)};")
    g.emit("for (int round = 0; round < count; round++) {")
    if rng.random() < 0.4:
        g.lines.append(f"#pragma HLS PIPELINE II={rng.choice([1, 2])}")
        nest = 0
    else:
        nest = 2
    g.depth = 2
    g.emit("const ap_uint<256> word = in.read();")
    g.scope = list(states)
    for _ in range(4):
        width, signed = g.random_type()
        var = Var(g.fresh(), width, signed)
        g.emit(f"{var.type} {var.name} = {var.type}(word >> {rng.randrange(WORD - width)});")
        g.scope.append(var)
    g.statements(rng.randint(8, 18), nest)
    g.emit("ap_uint<256> fold = 0;")
    for var in g.scope:
        g.emit("fold = ap_uint<256>(fold << 7) ^ ap_uint<256>(fold >> 249);")
        g.emit(f"fold ^= ap_uint<{var.width}>({var.name});")
    g.emit("out.write(fold);")
    g.depth = 1
    g.emit("}")
    table = ", ".join(str(rng.randrange(1 << 16)) for _ in range(16))
    return "\n".join(
        [
            "#include <ap_int.h>",
            "#include <hls_stream.h>",
            f"static constexpr unsigned kTable[16] = {{{table}}};",
            f"static ap_int<32> {name}_mix(ap_int<20> a, ap_uint<11> b) {{",
            "#pragma HLS INLINE off" if rng.random() < 0.5 else "",
            f"  return a * b + {rng.randrange(100)};",
            "}",
            f"void {name}(hls::stream<ap_uint<256>>& in, hls::stream<ap_uint<256>>& out, ap_uint<8> count) {{",
            *g.lines,
            "}",
            "",
        ]
    )
