# SPDX-License-Identifier: Apache-2.0
"""Random expressions without undefined behaviour: every one carries its type and the range of its values.

Sums and products of signed types that could overflow are taken in the unsigned type or of masked operands; shift
amounts lie below the promoted width; divisors are odd and not -1.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from fuzzing.scalars import (
    BOOL,
    INT,
    LLONG,
    UNSIGNED,
    Ap,
    Builtin,
    Enum,
    Scalar,
    common,
    promoted,
    unsigned_of,
)

WIDEST_AP = 200


@dataclass(frozen=True)
class Expr:
    """A C++ expression of a built-in type and the least interval known to hold its values."""

    text: str
    type: Builtin
    lo: int
    hi: int

    def within(self, low: int, high: int) -> bool:
        return low <= self.lo and self.hi <= high


@dataclass(frozen=True)
class Place:
    """A scalar that can be read: a variable or an element, ``text`` with one ``{}`` for each index."""

    text: str
    type: Scalar
    dims: tuple[int, ...] = ()
    lo: int | None = None
    hi: int | None = None
    writable: bool = True


@dataclass(frozen=True)
class Callee:
    """A function that can be called in an expression."""

    name: str
    result: Scalar
    parameters: tuple[Scalar, ...]
    defaults: int = 0  #: how many of the last arguments may be left out


@dataclass
class Scope:
    """What an expression may name."""

    places: list[Place]
    callees: list[Callee]


def whole(text: str, kind: Builtin) -> Expr:
    return Expr(text, kind, kind.lo, kind.hi)


class Expressions:
    """Makes expressions over a scope with one source of randomness."""

    def __init__(self, rng: random.Random, features: frozenset[str], types: list[Builtin]) -> None:
        self.rng, self.features, self.types = rng, features, types

    # -- built-in types
    def literal(self) -> Expr:
        value = self.rng.choice(
            [0, 1, 2, 3, 5, 7, 31, 100, 255, 1000, -1, -2, -77, 65535, self.rng.randrange(1 << 31)]
        )
        suffix, kind = self.rng.choice([("", INT), ("", INT), ("", INT), ("u", UNSIGNED), ("ll", LLONG)])
        if value < 0 and not kind.signed:
            value = -value
        text = f"{value}{suffix}"
        return Expr(f"({text})" if value < 0 else text, kind, value, value)

    def place(self, scope: Scope, *, writable: bool = False) -> tuple[str, Place] | None:
        """A readable (or assignable) scalar with its indices filled in."""
        fitting = [p for p in scope.places if p.writable or not writable]
        if not fitting:
            return None
        place = self.rng.choice(fitting)
        return place.text.format(*(self.index(scope, d) for d in place.dims)), place

    def index(self, scope: Scope, extent: int) -> str:
        """An index in ``range(extent)``."""
        exact = [p for p in scope.places if not p.dims and p.lo is not None and p.hi is not None]
        exact = [p for p in exact if p.lo >= 0 and p.hi < extent]  # type: ignore[operator]
        if exact and self.rng.random() < 0.5:
            return self.rng.choice(exact).text
        if self.rng.random() < 0.2:
            return str(self.rng.randrange(extent))
        inner = self.number(Scope([p for p in scope.places if not p.dims], []), 1)
        if inner.within(0, extent - 1):
            return inner.text
        if extent & (extent - 1) == 0:
            if "ap" in self.features and extent > 1 and self.rng.random() < 0.3:
                return f"ap_uint<{extent.bit_length() - 1}>({inner.text})"
            return f"({inner.text}) & {extent - 1}"
        return f"unsigned({inner.text}) % {extent}"

    def leaf(self, scope: Scope) -> Expr:
        if self.rng.random() < 0.2:
            return self.literal()
        found = self.place(scope)
        if found is None:
            return self.literal()
        text, place = found
        return self._as_number(text, place)

    def _as_number(self, text: str, place: Place) -> Expr:
        kind = place.type
        if isinstance(kind, Builtin):
            lo = kind.lo if place.lo is None else place.lo
            hi = kind.hi if place.hi is None else place.hi
            return Expr(text, kind, lo, hi)
        if isinstance(kind, Enum):
            if kind.scoped:
                return whole(f"(({kind.base.name}){text})", kind.base)
            return whole(f"({text} + 0)", promoted(kind.base))
        target = self.rng.choice(self.types)
        if self.rng.random() < 0.3:
            return whole(f"{text}.to_int()", INT)
        return self.cast(target, self.short(text, kind))

    def short(self, text: str, kind: Ap) -> str:
        """At most 64 bits of ``text``: wider values have no conversion to built-in types."""
        return f"{Ap(64, kind.signed).name}({text})" if kind.width > 64 else text

    def cast(self, target: Builtin, text: str) -> Expr:
        """``(target)(text)``: modulo the target's width; to bool it asks for not zero."""
        return whole(f"(({target.name})({text}))", target)

    def number(self, scope: Scope, depth: int) -> Expr:
        """A random expression of a built-in type."""
        if depth <= 0:
            return self.leaf(scope)
        form = self.rng.choice(self._forms())
        return form(scope, depth - 1)

    def _forms(self):  # type: ignore[no-untyped-def]
        forms = [
            self._sum,
            self._sum,
            self._sum,
            self._bits,
            self._bits,
            self._shift,
            self._compare,
            self._choice,
        ]
        forms += [self._cast, self._unary, self.leaf_of, self._logic]
        if "division" in self.features:
            forms.append(self._division)
        if "calls" in self.features:
            forms += [self._call, self._call]
        if "ap" in self.features:
            forms.append(self._from_ap)
        return forms

    def leaf_of(self, scope: Scope, _: int) -> Expr:
        return self.leaf(scope)

    def _pair(self, scope: Scope, depth: int) -> tuple[Expr, Expr, Builtin]:
        a, b = self.number(scope, depth), self.number(scope, depth)
        return a, b, common(a.type, b.type)

    def converted(self, x: Expr, kind: Builtin) -> tuple[int, int]:
        """The interval of ``x`` after its conversion to ``kind``."""
        return (x.lo, x.hi) if kind.holds(x.lo, x.hi) else (kind.lo, kind.hi)

    def _sum(self, scope: Scope, depth: int) -> Expr:
        a, b, kind = self._pair(scope, depth)
        op = self.rng.choice("++--*")
        lo, hi = _interval(op, self.converted(a, kind), self.converted(b, kind))
        if kind.holds(lo, hi):
            return Expr(f"({a.text} {op} {b.text})", kind, lo, hi)
        if not kind.signed:
            return whole(f"({a.text} {op} {b.text})", kind)
        if self.rng.random() < 0.5:
            modular = unsigned_of(kind)
            return whole(f"(({modular.name})({a.text}) {op} {b.text})", common(modular, b.type))
        bits = self.rng.randint(4, 12)
        mask = (1 << bits) - 1
        lo, hi = _interval(op, (0, mask), (0, mask))
        return Expr(f"(({a.text} & {mask}) {op} ({b.text} & {mask}))", kind, lo, hi)

    def _bits(self, scope: Scope, depth: int) -> Expr:
        a, b, kind = self._pair(scope, depth)
        op = self.rng.choice("&|^")
        if op == "&" and b.lo >= 0 and kind.holds(b.lo, b.hi):
            return Expr(f"({a.text} & {b.text})", kind, 0, b.hi)
        return whole(f"({a.text} {op} {b.text})", kind)

    def _shift(self, scope: Scope, depth: int) -> Expr:
        a, by = self.number(scope, depth), self.number(scope, depth)
        kind = promoted(a.type)
        amount = by.text if by.within(0, kind.width - 1) else f"({by.text} & {kind.width - 1})"
        if self.rng.random() < 0.5:
            return Expr(f"({a.text} >> {amount})", kind, min(a.lo, 0), max(a.hi, 0))
        return whole(f"({a.text} << {amount})", kind)

    def _division(self, scope: Scope, depth: int) -> Expr:
        a, b, kind = self._pair(scope, depth)
        op = self.rng.choice("/%")
        return whole(f"({a.text} {op} (({b.text} & {self.rng.choice([15, 63, 127])}) | 1))", kind)

    def _compare(self, scope: Scope, depth: int) -> Expr:
        a, b, _ = self._pair(scope, depth)
        op = self.rng.choice(["<", "<=", ">", ">=", "==", "!="])
        return Expr(f"({a.text} {op} {b.text})", BOOL, 0, 1)

    def _logic(self, scope: Scope, depth: int) -> Expr:
        a, b, _ = self._pair(scope, depth)
        return Expr(f"({a.text} {self.rng.choice(['&&', '||'])} {b.text})", BOOL, 0, 1)

    def _choice(self, scope: Scope, depth: int) -> Expr:
        a, b, kind = self._pair(scope, depth)
        # Operands are promoted unless they have one type: adding zero promotes both.
        return whole(f"({self.condition(scope, depth)} ? {a.text} + 0 : {b.text} + 0)", kind)

    def _cast(self, scope: Scope, depth: int) -> Expr:
        a = self.number(scope, depth)
        target = self.rng.choice(self.types)
        if target is not BOOL and target.holds(a.lo, a.hi):
            return Expr(f"(({target.name}){a.text})", target, a.lo, a.hi)
        return self.cast(target, a.text)

    def _unary(self, scope: Scope, depth: int) -> Expr:
        a = self.number(scope, depth)
        kind = promoted(a.type)
        op = self.rng.choice("~!-")
        if op == "!":
            return Expr(f"(!{a.text})", BOOL, 0, 1)
        if op == "-" and kind.signed and a.lo <= kind.lo:
            op = "~"
        return whole(f"({op}{a.text})", kind)

    def _call(self, scope: Scope, depth: int) -> Expr:
        callees = [c for c in scope.callees if not isinstance(c.result, Ap) or c.result.width <= 64]
        if not callees:
            return self.number(scope, depth)
        return self.cast(self.rng.choice(self.types), self.call(scope, self.rng.choice(callees), depth))

    def call(self, scope: Scope, callee: Callee, depth: int) -> str:
        given = len(callee.parameters) - (self.rng.randint(0, callee.defaults) if callee.defaults else 0)
        inner = Scope(scope.places, [])
        arguments = [self.of_type(inner, kind, depth) for kind in callee.parameters[:given]]
        return f"{callee.name}({', '.join(arguments)})"

    def _from_ap(self, scope: Scope, depth: int) -> Expr:
        text, kind = self.ap(scope, depth)
        return self.cast(self.rng.choice(self.types), self.short(text, kind))

    def condition(self, scope: Scope, depth: int) -> str:
        a, b = self.number(scope, depth), self.number(scope, 0)
        return f"({a.text} {self.rng.choice(['<', '>', '==', '!=', '<=', '>='])} {b.text})"

    # -- ap_int
    def ap_leaf(self, scope: Scope) -> tuple[str, Ap]:
        places = [p for p in scope.places if isinstance(p.type, Ap)]
        if not places or self.rng.random() < 0.2:
            kind = Ap(self.rng.choice([5, 13, 24, 33, 64]), self.rng.random() < 0.5)
            return f"{kind.name}({self.number(scope, 0).text})", kind
        place = self.rng.choice(places)
        assert isinstance(place.type, Ap)
        return place.text.format(*(self.index(scope, d) for d in place.dims)), place.type

    def ap(self, scope: Scope, depth: int) -> tuple[str, Ap]:
        """An expression of an ap type: one operation of leaves, cast to a width of its own."""
        a, at = self.ap_leaf(scope)
        if depth <= 0:
            return a, at
        b, bt = self.ap_leaf(scope)
        kind = Ap(self.rng.choice([1, 4, 9, 17, 32, 33, 63, 65, 90]), self.rng.random() < 0.5)
        forms = [f"{a} {op} {b}" for op in ("+", "-", "&", "|", "^")]
        forms += [f"~{a}", f"-{a}", f"{a} {self.rng.choice(['<', '==', '>='])} {b}"]
        forms.append(f"{a} {self.rng.choice(['>>', '<<'])} {self.rng.randrange(at.width)}")
        forms.append(f"{a} {self.rng.choice(['+', '&'])} {self.number(scope, 0).text}")
        if at.width + bt.width <= WIDEST_AP:
            left, right = f"ap_uint<{at.width}>({a})", f"ap_uint<{bt.width}>({b})"
            forms += [f"{a} * {b}", f"ap_uint<{at.width + bt.width}>(({left}, {right}))"]
        if "division" in self.features and max(at.width, bt.width) <= 33:
            forms.append(f"{a} {self.rng.choice('/%')} {Ap(bt.width + 1, bt.signed).name}({b} | 1)")
        lo = self.rng.randrange(at.width)
        hi = self.rng.randrange(lo, at.width)
        forms.append(f"{at.name}({a}).range({hi}, {lo})")
        return f"{kind.name}({self.rng.choice(forms)})", kind

    def of_type(self, scope: Scope, kind: Scalar, depth: int) -> str:
        """An expression that initialises or is assigned to a ``kind``."""
        if isinstance(kind, Ap):
            if self.rng.random() < 0.6 and "ap" in self.features:
                return f"{kind.name}({self.ap(scope, depth)[0]})"
            return f"{kind.name}({self.number(scope, depth).text})"
        number = self.number(scope, depth)
        if isinstance(kind, Enum):
            return f"static_cast<{kind.name}>(({number.text}) & 3)"
        if kind is BOOL or self.rng.random() < 0.3:
            return f"({kind.name})({number.text})"
        return number.text


def _interval(op: str, a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    if op == "+":
        return a[0] + b[0], a[1] + b[1]
    if op == "-":
        return a[0] - b[1], a[1] - b[0]
    corners = [x * y for x in a for y in b]
    return min(corners), max(corners)
