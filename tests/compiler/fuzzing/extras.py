# SPDX-License-Identifier: Apache-2.0
"""What stands beside a random program's own code: copies and fills of arrays, AXI masters, and a returned value.

They have randomness of their own, so that a program without them is the same but for them.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from fuzzing.scalars import BUILTINS, Ap, Builtin, Enum, Scalar
from fuzzing.storage import Struct, Variable, extents, initialise, partition, pragma
from fuzzing.tree import Node

#: Elements of the memory behind each AXI master; a program touches those below `WORDS`.
MEMORY, WORDS = 64, 48


class Copies:
    """memcpy and memset of arrays, with numbers and bytes known to the compiler or at run time."""

    def __init__(self, rng: random.Random, two: str, *, counts: bool) -> None:
        """``two`` is a constant's name; ``counts`` makes numbers of bytes that are known at run time only, too."""
        self.rng, self.two, self.counts, self.count = rng, two, counts, 0

    def fresh(self) -> str:
        self.count += 1
        return f"copy{self.count}"

    def add(self, node: Node, variables: list[Variable], value: str) -> list[Variable]:
        """One to three of them into ``node``, of ``variables`` and arrays of their own; ``value`` is an integer.

        Returns: the arrays declared for it, which hold something.
        """
        made: list[Variable] = []
        for _ in range(self.rng.randint(1, 3)):
            found = [v for v in variables if _plain(v.type) and v.dims and v.writable]
            if found and self.rng.random() < 0.7:
                variable = self.rng.choice(found)
            else:
                kind = self.rng.choice([t for t in BUILTINS if t.width >= 8])
                variable = Variable(
                    self.fresh(), kind, self.rng.choice([(8,), (5,), (16,), (4, 4), (70,), (24,)])
                )
                self._declare(node, variable)
                made.append(variable)
            if self.rng.random() < 0.5:
                self._fill(node, variable, value)
            else:
                made.append(self._copy(node, variable, value))
        return made

    def _declare(self, node: Node, variable: Variable) -> None:
        node.add(f"{variable.type.name} {variable.expression}{extents(variable.dims)};")
        if self.rng.random() < 0.3:
            text = partition(variable.expression, variable.dims, self.rng, self.two)
            if text:
                node.add(text)
        initialise(variable, node, self.rng, self.fresh())

    def _bytes(self, variable: Variable, value: str) -> str:
        """A number of bytes: all, some elements or rows, or as many as ``value`` says."""
        name = variable.expression
        form = self.rng.random() * (1 if self.counts else 0.8)
        if form < 0.5:
            return self.rng.choice([f"sizeof({name})", f"sizeof {name}"])
        if form < 0.8:
            return f"{self.rng.randint(1, variable.dims[0])} * sizeof({name}[0])"
        mask = 3 if variable.dims[0] < 8 else 7
        return f"(({value}) & {min(mask, variable.dims[0] - 1)}) * sizeof({name}[0])"

    def _fill(self, node: Node, variable: Variable, value: str) -> None:
        byte = self.rng.choice(["0", "0", "0x5a", "-1", "255", value, f"({value}) * 3"])
        node.add(f"memset({variable.expression}, {byte}, {self._bytes(variable, value)});")

    def _copy(self, node: Node, variable: Variable, value: str) -> Variable:
        other = Variable(self.fresh(), variable.type, variable.dims)
        self._declare(node, other)
        target, source = (other, variable) if self.rng.random() < 0.5 else (variable, other)
        if len(variable.dims) == 1 and variable.dims[0] > 3 and self.rng.random() < 0.4:
            at = self.rng.choice(["1", "2", f"(({value}) & 1)"])
            count = self.rng.randint(1, variable.dims[0] - 2)
            node.add(
                f"memcpy({target.expression} + {at}, {source.expression}, {count} * sizeof({target.expression}[0]));"
            )
        else:
            node.add(f"memcpy({target.expression}, {source.expression}, {self._bytes(target, value)});")
        return other


def _plain(kind: Scalar | Struct) -> bool:
    return isinstance(kind, Builtin) and kind.width >= 8


@dataclass
class Masters:
    """AXI masters: parameters of the top, its pragmas, and calls of the functions that use them."""

    parameters: list[str] = field(default_factory=list)
    pragmas: list[str] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)


def add_masters(root: Node, name: str, rng: random.Random, dataflow: bool) -> Masters:
    """Functions that read a memory burst by burst, change the words, and write them to another memory.

    In a dataflow region they are two processes with a stream between, else one function.
    """
    words = [t for t in BUILTINS if t.width >= 8]
    kind = rng.choice([*(Ap(w, rng.random() < 0.5) for w in (8, 16, 32, 64)), rng.choice(words)])
    master, burst = f"hls::burst_maxi<{kind.name}>", rng.choice([4, 7, 16])
    assert not isinstance(kind, Enum)
    made = Masters([f"{master} from", f"{master} to"])
    for port in ("from", "to"):
        made.pragmas.append(pragma(rng, "INTERFACE", "m_axi", f"port={port}", f"bundle=g{port}"))
    words_text = (
        f"const unsigned words = ((unsigned)count * {rng.randrange(1, 9)} + {rng.randrange(4)}) % {WORDS}u;"
    )
    wide = "" if isinstance(kind, Ap) else "(unsigned long long)"  # no sum of signed numbers that overflows
    change = f"({kind.name})({wide}(x ^ ({kind.name})(at + i)) + state)"
    sum_ = f"state = ({kind.name})({wide}state + x);"
    if dataflow:
        stream = f"hls::stream<{kind.name}>"
        load = root.add(
            f"static void {name}_load({master} from, {stream}& sink, {name}_count count) {{", tail="}"
        )
        save = root.add(
            f"static void {name}_save({stream}& source, {master} to, {name}_count count) {{", tail="}"
        )
        _bursts(
            load, words_text, burst, rng, ["from.read_request(at, burst);"], ["sink.write(from.read());"], []
        )
        body = [f"const {kind.name} x = source.read();", f"to.write({change});", sum_]
        save.add(f"{kind.name} state = 1;", fixed=True)
        _bursts(
            save, words_text, burst, rng, ["to.write_request(at, burst);"], body, ["to.write_response();"]
        )
        made.channels.append(f"{stream} loaded;")
        made.calls = [f"{name}_load(from, loaded, count);", f"{name}_save(loaded, to, count);"]
        return made
    move = root.add(f"static void {name}_move({master} from, {master} to, {name}_count count) {{", tail="}")
    move.add(f"{kind.name} state = 1;", fixed=True)
    before = ["from.read_request(at, burst);", "to.write_request(at, burst);"]
    body = [f"const {kind.name} x = from.read();", f"to.write({change});", sum_]
    _bursts(move, words_text, burst, rng, before, body, ["to.write_response();"])
    made.calls = [f"{name}_move(from, to, count);"]
    return made


def _bursts(
    node: Node,
    words: str,
    burst: int,
    rng: random.Random,
    before: list[str],
    body: list[str],
    after: list[str],
) -> None:
    """A loop over bursts with a loop over the words of each."""
    node.add(words, fixed=True)
    outer = node.add(f"for (unsigned at = 0; at < words; at += {burst}) {{", tail="}", fixed=True)
    outer.add(f"const unsigned burst = words - at < {burst} ? words - at : {burst};", fixed=True)
    for line in before:
        outer.add(line, fixed=True)
    inner = outer.add("for (unsigned i = 0; i < burst; i++) {", tail="}", fixed=True)
    if rng.random() < 0.7:
        inner.add(pragma(rng, "PIPELINE", f"II={rng.choice([1, 1, 2])}"))
    for line in [*body]:
        inner.add(line, fixed=True)
    for line in after:
        outer.add(line, fixed=True)
