# SPDX-License-Identifier: Apache-2.0
"""Block copies (``memcpy``, ``memmove``, ``memset``, assignments of structs) as loads and stores of elements.

Few elements are copied one by one, all loads first; many in a loop, unless they are registers, which need no port.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from edgemoe.compiler.frontend.leaves import leaves
from edgemoe.compiler.frontend.pointers import Field, Index, NoPlaceError, Place, Step
from edgemoe.compiler.llvmir.objects import Inst
from edgemoe.compiler.llvmir.types import ArrayType, IntType, Type, integer_bytes

if TYPE_CHECKING:
    from edgemoe.compiler.frontend.rewrite import Rewrite

COPIES = ("llvm.memcpy", "llvm.memmove", "llvm.memset")
#: Elements that are copied without a loop, at most.
UNROLLED = 64
#: Elements of a copy that no loop can do (members between members, choices), at most.
LARGEST = 4096

NO_VARIABLE = "a struct or an array is copied from or to something that is no variable of this function."

#: A pointer's places with the (tag, number) pairs that choose each.
Places: TypeAlias = list[tuple[tuple[tuple[str, int], ...], Place]]

_I1 = IntType(1)


class Copies:
    """Copies of one function."""

    def __init__(self, rewrite: Rewrite) -> None:
        self._rewrite = rewrite
        self._number = 0

    def rewrite(self, inst: Inst) -> bool:
        """Whether the copy was replaced; one from or to something that is no variable stays."""
        fill = inst.callee.startswith("llvm.memset")
        targets = self._rewrite.joins.places(inst.operands[0])
        sources = [] if fill else self._rewrite.joins.places(inst.operands[1])
        if not targets or (not fill and not sources):
            if any(place.base in self._rewrite.variables for _, place in (*targets, *sources)):
                raise self._rewrite.error(NO_VARIABLE)
            return False
        if not inst.operands[2].isdigit():
            raise self._rewrite.error(
                "a number of bytes known only at run time is copied or cleared; write a loop."
            )
        size = int(inst.operands[2])
        if not size:
            return True
        if fill:
            self._fill(targets, inst.operands[1], size)
        elif len(targets) == 1 and len(sources) == 1:
            self._copy(targets[0][1], sources[0][1], size)
        else:
            self._copy_chosen(targets, sources, size)
        return True

    # ---- runs of equal scalars -----------------------------------------------------------------------------

    def _run(self, place: Place, size: int) -> tuple[Place, int, int] | None:
        """(first scalar, count, its bits) if ``size`` bytes from a place on are one array of scalars."""
        rewrite = self._rewrite
        first = rewrite.scalar_place(place)
        if first is None or not first.steps or not isinstance(first.steps[-1], Index):
            return None
        scalar = rewrite.parts.scalar(rewrite.scope(first), first)
        assert scalar is not None
        array = rewrite.paths.walk(first.base, first.steps[:-1])
        body = rewrite.parts.layout.body(array.type)
        step = integer_bytes(scalar.width)
        index = first.steps[-1]
        if not isinstance(body, ArrayType) or size % step:
            return None
        count = size // step
        fits = index.terms or index.constant + count <= body.count
        return (first, count, scalar.width) if fits else None

    def _element(self, first: Place, index: str) -> Place:
        """The place ``index`` elements further."""
        last = first.steps[-1]
        assert isinstance(last, Index)
        return Place(first.base, (*first.steps[:-1], last.plus(self._index(index))), first.type)

    def _index(self, token: str) -> Index:
        return Index(int(token)) if token.isdigit() else Index(0, ((token, self._rewrite.joins.index.width),))

    def _registers(self, place: Place) -> bool:
        """Whether every element of the array behind a place is a register by the user's pragma."""
        first = self._rewrite.scalar_place(place)
        if first is None:
            return False
        name, type_ = self._rewrite.object_of(first)
        dims = [
            dim
            for leaf in leaves(self._rewrite.parts.layout, type_)[:1]
            for dim in leaf.dims
            if not dim.lanes
        ]
        complete = self._rewrite.complete.get(name, frozenset())
        return 0 in complete or complete >= set(range(1, len(dims) + 1))

    # ---- copies --------------------------------------------------------------------------------------------

    def _copy(self, target: Place, source: Place, size: int) -> None:
        rewrite = self._rewrite
        to, frm = self._run(target, size), self._run(source, size)
        looped = (
            to is not None and to[1] > UNROLLED and not (self._registers(target) and self._registers(source))
        )
        if to is not None and frm is not None and to[1:] == frm[1:] and looped:

            def body(index: str) -> None:
                value = rewrite.load(self._element(frm[0], index), frm[2])
                rewrite.store(self._element(to[0], index), value, to[2])

            self._loop(to[1], body)
            return
        if self._over_rows(target, size, source):
            return
        inner = self._halves(target, source, size)
        if inner is not None:
            for part_to, part_from, part_size in inner:
                self._copy(part_to, part_from, part_size)
            return
        self._check(size, target)
        values = [
            (piece.at, rewrite.load(rewrite.paths.advance(source, piece.at), 8 * piece.size), 8 * piece.size)
            for piece in rewrite.pieces(target, size)
        ]
        for at, value, width in values:
            rewrite.store(rewrite.paths.advance(target, at), value, width)

    def _over_rows(self, target: Place, size: int, source: Place | None = None, byte: str = "") -> bool:
        """In a loop over the elements of an outer dimension, if there are many of them."""
        rewrite, layout = self._rewrite, self._rewrite.parts.layout
        body = layout.body(target.type)
        if not isinstance(body, ArrayType) or layout.size(target.type) != size or body.count <= UNROLLED:
            return False
        if rewrite.parts.scalar(rewrite.scope(target), target) is not None or self._registers(target):
            return False
        if source is not None:
            try:
                source = rewrite.paths.seen_as(source, target.type)
            except NoPlaceError:
                return False

        def row(place: Place, index: str) -> Place:
            return Place(place.base, (*place.steps, self._index(index)), body.element)

        def each(index: str) -> None:
            if source is not None:
                self._copy(row(target, index), row(source, index), layout.size(body.element))
            else:
                self._fill([((), row(target, index))], byte, layout.size(body.element))

        self._loop(body.count, each)
        return True

    def _halves(self, target: Place, source: Place, size: int) -> list[tuple[Place, Place, int]] | None:
        """Member by member, if a large struct holds arrays that deserve loops."""
        rewrite, layout = self._rewrite, self._rewrite.parts.layout
        if size <= UNROLLED or target.base == source.base:
            return None
        try:
            source = rewrite.paths.seen_as(source, target.type)
        except NoPlaceError:
            return None
        if layout.size(target.type) != size:
            return None
        body = layout.body(target.type)
        if isinstance(body, ArrayType):
            if len(rewrite.pieces(target, layout.size(body.element))) == 1 and not isinstance(
                layout.body(body.element), ArrayType
            ):
                return None
            inner: list[tuple[Step, Type]] = [(Index(k), body.element) for k in range(body.count)]
        else:
            inner = [(Field(k), part) for k, (_, part) in enumerate(layout.fields(target.type))]
        return [
            (_inside(target, step, part), _inside(source, step, part), layout.size(part))
            for step, part in inner
            if layout.size(part)
        ]

    def _copy_chosen(self, targets: Places, sources: Places, size: int) -> None:
        """From or to one of several variables: element by element."""
        rewrite = self._rewrite
        self._check(size, targets[0][1])
        advance = rewrite.paths.advance
        values = []
        for piece in rewrite.pieces(targets[0][1], size):
            moved = [(conditions, advance(place, piece.at)) for conditions, place in sources]
            values.append((piece.at, 8 * piece.size, rewrite.load_any(moved, 8 * piece.size)))
        for at, width, value in values:
            moved = [(conditions, advance(place, at)) for conditions, place in targets]
            rewrite.store_any(moved, value, width)

    def _check(self, size: int, place: Place) -> None:
        count = len(self._rewrite.pieces(place, min(size, 64 * LARGEST)))
        if count > LARGEST:
            raise self._rewrite.error(
                f"{count} elements are copied or cleared at once, which no loop can do here; write the loop."
            )

    # ---- fills ---------------------------------------------------------------------------------------------

    def _fill(self, targets: Places, byte: str, size: int) -> None:
        rewrite = self._rewrite
        run = self._run(targets[0][1], size)
        registers = self._registers(targets[0][1])
        if len(targets) == 1 and run is not None and run[1] > UNROLLED and not registers:
            first, count, width = run

            def body(index: str) -> None:
                rewrite.store(self._element(first, index), self._pattern(byte, width), width)

            self._loop(count, body)
            return
        if len(targets) == 1 and self._over_rows(targets[0][1], size, byte=byte):
            return
        if len(targets) == 1 and (
            inner := self._halves(targets[0][1], Place("", (), targets[0][1].type), size)
        ):
            for part, _, part_size in inner:
                self._fill([((), part)], byte, part_size)
            return
        self._check(size, targets[0][1])
        for piece in rewrite.pieces(targets[0][1], size):
            moved = [(conditions, rewrite.paths.advance(place, piece.at)) for conditions, place in targets]
            rewrite.store_any(moved, self._pattern(byte, 8 * piece.size), 8 * piece.size)

    def _pattern(self, byte: str, width: int) -> str:
        """A byte repeated."""
        ones = int.from_bytes(b"\1" * (-(-width // 8)), "little") & ((1 << width) - 1)
        if byte.lstrip("-").isdigit():
            return str((int(byte) & 255) * ones & ((1 << width) - 1))
        type_ = IntType(width)
        wide = byte if width == 8 else self._rewrite.emit("zext", type_, [byte], [IntType(8)])
        return wide if width == 8 else self._rewrite.emit("mul", type_, [wide, str(ones)])

    # ---- loops ---------------------------------------------------------------------------------------------

    def _loop(self, count: int, body: Callable[[str], None]) -> None:
        """``for (i = 0; i < count; i++) body(i)`` in blocks of its own."""
        rewrite = self._rewrite
        self._number += 1
        while f"%copy.{self._number}" in rewrite.function.blocks:
            self._number += 1
        before = rewrite.label
        loop, done = f"%copy.{self._number}", f"%copy.{self._number}.done"
        index, following = f"%copy.{self._number}.i", f"%copy.{self._number}.next"
        debug, wide = rewrite.inst.debug, rewrite.joins.index
        rewrite.out.append(Inst("br", targets=[loop], debug=debug))
        rewrite.split_block(loop)
        phi = Inst("phi", index, wide, ["0", following], [wide, wide], targets=[before], debug=debug)
        rewrite.out.append(phi)
        body(index)
        phi.targets = [before, rewrite.label]  # a loop within ends in a block of its own
        rewrite.emit("add", wide, [index, "1"], result=following)
        more = rewrite.emit("icmp", _I1, [following, str(count)], [wide, wide], compare="ult")
        rewrite.out.append(Inst("br", operands=[more], types=[_I1], targets=[loop, done], debug=debug))
        rewrite.split_block(done)


def _inside(place: Place, step: Step, type_: Type) -> Place:
    return Place(place.base, (*place.steps, step), type_)
