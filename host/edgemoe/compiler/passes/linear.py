# SPDX-License-Identifier: Apache-2.0
"""Values as linear forms modulo a power of two: how the index of an access moves from iteration to iteration.

In iteration n of a loop a value is

    constant + steps * n + sum of coefficient * symbol        (modulo ``modulus``; 0: exactly)

A symbol stands for what is not known. A *fixed* one is the same in all iterations, a *varying* one may be anything in
each. Arithmetic of w bits is known modulo 2**w only, so a narrow counter that wraps around needs no special case.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from edgemoe.compiler.ir import Affine, Const, Function, Op, Opcode, Phi, Pipeline, Region, Value, edges

#: A value read as a signed (True) or unsigned number.
Symbol = tuple[Value, bool]

#: Operations that compute the same from the same operands.
_PURE = frozenset(
    {
        Opcode.ADD, Opcode.SUB, Opcode.MUL, Opcode.AND, Opcode.OR, Opcode.XOR, Opcode.SHL, Opcode.LSHR, Opcode.ASHR,
        Opcode.UDIV, Opcode.SDIV, Opcode.UREM, Opcode.SREM, Opcode.ICMP, Opcode.SELECT, Opcode.ZEXT, Opcode.SEXT,
        Opcode.TRUNC, Opcode.EXTRACT, Opcode.CONCAT,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Form:
    """See the module's description; coefficients that are 0 modulo ``modulus`` are left out."""

    constant: int
    steps: int
    symbols: dict[Symbol, int] = field(default_factory=dict)
    modulus: int = 0

    @staticmethod
    def total(parts: Iterable[tuple[int, Form]], constant: int = 0, modulus: int = 0) -> Form:
        """constant + the sum of factor * form, known modulo ``modulus`` at best."""
        steps, symbols = 0, dict[Symbol, int]()
        for factor, form in parts:
            constant += factor * form.constant
            steps += factor * form.steps
            modulus = math.gcd(modulus, factor * form.modulus)
            for symbol, coefficient in form.symbols.items():
                symbols[symbol] = symbols.get(symbol, 0) + factor * coefficient
        if modulus:
            constant, steps = constant % modulus, steps % modulus
            symbols = {symbol: c % modulus for symbol, c in symbols.items()}
        return Form(constant, steps, {symbol: c for symbol, c in symbols.items() if c}, modulus)


class Forms:
    """The linear forms of values as one region sees them."""

    def __init__(self, function: Function, region: Region) -> None:
        self._known: dict[Symbol, Form] = {}
        self._varying: set[Value] = set()
        if isinstance(region, Pipeline):
            self._find_varying(region)
            self._find_counters(function, region)

    def element(self, affine: Affine) -> Form:
        """The number of the element that an access goes to."""
        parts = ((c, self._of(value, True)) for c, value in affine.terms)
        return Form.total(parts, affine.constant, 1 << affine.bits)

    def varies(self, symbol: Symbol) -> bool:
        """Whether the symbol may differ between two iterations."""
        return symbol[0] in self._varying

    def _find_varying(self, region: Pipeline) -> None:
        self._varying.update(region.phis)
        for op in region.ops:
            if op.opcode not in _PURE or any(value in self._varying for value in op.operands):
                self._varying.add(op)

    def _find_counters(self, function: Function, region: Pipeline) -> None:
        """A phi whose back value is itself plus a constant is linear in the iteration's number."""
        incoming = [
            (edge, other is region)
            for other in function.regions
            for edge in edges(other.terminator)
            if edge.target == region.name
        ]
        found: dict[Phi, Form] = {}
        for number, phi in enumerate(region.phis):
            back = [self._of(edge.values[number], False) for edge, own in incoming if own]
            first = {edge.values[number] for edge, own in incoming if not own}
            if len(back) != 1 or not first or not _is_itself(back[0], phi):
                continue
            start = first.pop() if len(first) == 1 else phi
            # Only a constant start is comparable between phis; of others the phi is the name of its first value.
            if isinstance(start, Const):
                form = Form(start.value, back[0].constant, {}, back[0].modulus)
            else:
                form = Form(0, back[0].constant, {(phi, False): 1}, back[0].modulus)
            found[phi] = Form.total([(1, form)], modulus=1 << phi.width)
        self._known = {(phi, sign): form for phi, form in found.items() for sign in (False, True)}
        self._varying -= set(found)

    def _of(self, value: Value, signed: bool) -> Form:
        key = (value, signed)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._compute(value, signed)
        return known

    def _compute(self, value: Value, signed: bool) -> Form:
        modulus = 1 << value.width
        if isinstance(value, Const):
            negative = signed and value.value >> (value.width - 1)
            return Form(value.value - modulus if negative else value.value, 0)
        if not isinstance(value, Op):
            return Form(0, 0, {(value, signed): 1})
        code, operands = value.opcode, value.operands
        if code is Opcode.ZEXT:
            return self._of(operands[0], False)
        if code is Opcode.SEXT and signed:
            return self._of(operands[0], True)
        parts = self._parts(value)
        return Form(0, 0, {(value, signed): 1}) if parts is None else Form.total(parts, modulus=modulus)

    def _parts(self, op: Op) -> list[tuple[int, Form]] | None:
        """(factor, form) whose sum the operation computes modulo 2**width; None: it is not linear."""
        code, operands = op.opcode, op.operands
        if code is Opcode.CONCAT:
            parts, at = [], 0
            for operand in reversed(operands):
                parts.append((1 << at, self._of(operand, False)))
                at += operand.width
            return parts
        if code is Opcode.SEXT:
            return [(1, self._of(operands[0], True))]
        if code is Opcode.TRUNC or (code is Opcode.EXTRACT and op.lo == 0):
            return [(1, self._of(operands[0], False))]
        if code in (Opcode.ADD, Opcode.SUB):
            sign = 1 if code is Opcode.ADD else -1
            return [(1, self._of(operands[0], False)), (sign, self._of(operands[1], False))]
        factor = operands[1] if code in (Opcode.MUL, Opcode.SHL) else None
        if isinstance(factor, Const) and operands[0].width == op.width:
            number = factor.value
            if code is Opcode.MUL and op.signs[1] and number >> (factor.width - 1):
                number -= 1 << factor.width
            if code is Opcode.SHL:
                number = 1 << min(number, op.width)
            return [(number, self._of(operands[0], False))]
        return None


def _is_itself(form: Form, phi: Phi) -> bool:
    """Whether the form is the phi plus a constant; modulo its width signs make no difference."""
    if form.symbols == {(phi, True): 1}:
        return form.modulus != 0 and (1 << phi.width) % form.modulus == 0
    return form.symbols == {(phi, False): 1}


def never_equal(first: Form, second: Form) -> bool:
    """Whether two elements differ whenever both are accessed in the same iteration."""
    difference = Form.total([(1, first), (-1, second)])
    rest = math.gcd(difference.modulus, difference.steps, *difference.symbols.values())
    return difference.constant % rest != 0


def least_distance(first: Form, second: Form, forms: Forms) -> int | None:
    """The least d >= 1 for which ``second`` in iteration n + d may be the element of ``first`` in iteration n.

    None: there is none. The answer is exact but for what the symbols hide.
    """
    rest = math.gcd(first.modulus, second.modulus, first.steps - second.steps)
    for symbol in {**first.symbols, **second.symbols}:
        a, b = first.symbols.get(symbol, 0), second.symbols.get(symbol, 0)
        # The same fixed value cancels; a varying one is a different unknown in each iteration.
        rest = math.gcd(rest, *((a, b) if forms.varies(symbol) else (a - b,)))
    # first.constant - second.constant = second.steps * d modulo rest
    wanted, common = first.constant - second.constant, math.gcd(second.steps, rest)
    if wanted % common:
        return None
    period = rest // common
    return (wanted // common * pow(second.steps // common, -1, period)) % period or period
