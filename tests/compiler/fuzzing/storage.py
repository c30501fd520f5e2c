# SPDX-License-Identifier: Apache-2.0
"""Random storage: structs (with arrays, arrays of structs, structs in them), arrays, their places and partitions."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from fuzzing.expressions import Place
from fuzzing.scalars import Scalar
from fuzzing.tree import Node


@dataclass
class Struct:
    """A struct type; a field is a name, a type and the extents of an array."""

    name: str
    fields: list[tuple[str, Scalar | Struct, tuple[int, ...]]] = field(default_factory=list)

    def define(self, into: Node) -> None:
        body = into.add(f"struct {self.name} {{", tail="};")
        for name, kind, dims in self.fields:
            body.add(f"{kind.name} {name}{extents(dims)};")


@dataclass(frozen=True)
class Variable:
    """A declared object; ``expression`` reaches it (``s``, ``p.inner``, ``(*q)``)."""

    expression: str
    type: Scalar | Struct
    dims: tuple[int, ...] = ()
    writable: bool = True

    def places(self) -> list[Place]:
        return list(_places(self.expression, self.type, self.dims, (), self.writable))

    def arrays(self) -> list[tuple[str, Scalar | Struct, tuple[int, ...]]]:
        """Arrays that a pragma can name: this one, and members of a struct that is no array's element."""
        if self.dims:
            return [(self.expression, self.type, self.dims)]
        if isinstance(self.type, Struct):
            inner = [Variable(f"{self.expression}.{n}", kind, dims) for n, kind, dims in self.type.fields]
            return [array for variable in inner for array in variable.arrays()]
        return []


def _places(text: str, kind: Scalar | Struct, dims: tuple[int, ...], before: tuple[int, ...], writable: bool):  # type: ignore[no-untyped-def]
    text += "[{}]" * len(dims)
    before = before + dims
    if isinstance(kind, Struct):
        for name, inner, extent in kind.fields:
            yield from _places(f"{text}.{name}", inner, extent, before, writable)
    else:
        yield Place(text, kind, before, writable=writable)


def extents(dims: tuple[int, ...]) -> str:
    return "".join(f"[{d}]" for d in dims)


def initialise(variable: Variable, into: Node, rng: random.Random, fresh: str) -> None:
    """Loops that give every scalar of ``variable`` a value; each leaf in a loop nest of its own."""
    for number, place in enumerate(variable.places()):
        node = into
        names = [f"{fresh}_{number}_{k}" for k in range(len(place.dims))]
        for name, extent in zip(names, place.dims, strict=True):
            node = node.add(f"for (int {name} = 0; {name} < {extent}; {name}++) {{", tail="}")
        value = " + ".join([str(rng.randrange(-40, 90)), *(f"{n} * {rng.randrange(1, 40)}" for n in names)])
        if hasattr(place.type, "base"):
            value = f"static_cast<{place.type.name}>(({value}) & 3)"
        elif place.type.name == "bool":
            value = f"(({value}) & 1) != 0"
        node.add(f"{place.text.format(*names)} = {value};")


def constant(kind: Scalar | Struct, dims: tuple[int, ...], rng: random.Random) -> str:
    """A brace initialiser; some leave the rest to zero."""
    if dims:
        count = dims[0] if rng.random() < 0.7 else rng.randint(1, dims[0])
        return "{" + ", ".join(constant(kind, dims[1:], rng) for _ in range(count)) + "}"
    if isinstance(kind, Struct):
        return "{" + ", ".join(constant(k, d, rng) for _, k, d in kind.fields) + "}"
    value = rng.randrange(-100 if getattr(kind, "signed", False) and kind.width > 7 else 0, 120)
    if hasattr(kind, "base"):
        return f"static_cast<{kind.name}>({value & 3})"
    if kind.width < 8:
        value &= 1
    return str(value)


def partition(array: str, dims: tuple[int, ...], rng: random.Random, factor_name: str) -> str | None:
    """An ARRAY_PARTITION of one dimension or all, in one of the spellings of Vitis HLS."""
    dim = rng.choice([0, *range(1, len(dims) + 1)]) if len(dims) > 1 else rng.choice([1, 1, 0])
    extent = dims[max(dim, 1) - 1]
    kinds = ["complete"]
    factors = [f for f in (2, 4) if f <= extent]
    if factors and dim:
        kinds += ["cyclic", "block", "cyclic"]
    kind = rng.choice(kinds)
    if kind == "complete" and extent > 16:
        return None
    word = rng.choice([kind, f"type={kind}", kind.upper() if rng.random() < 0.3 else kind])
    parts = [f"variable={array}", word]
    if kind != "complete":
        factor = rng.choice(factors)
        parts.append(
            rng.choice([f"factor={factor}", f"factor={factor_name}*{factor // 2}", f"factor = {factor}"])
        )
    if dim != 1 or rng.random() < 0.6:
        parts.append(f"dim={dim}")
    return pragma(rng, "ARRAY_PARTITION", *parts)


def pragma(rng: random.Random, name: str, *options: str) -> str:
    """A pragma's line in a random spelling."""
    name = rng.choice([name, name, name.lower()])
    text = " ".join(options)
    if rng.random() < 0.2:
        text = text.replace("=", " = ").replace("  ", " ")
    return f"#pragma HLS {name} {text}".rstrip()
