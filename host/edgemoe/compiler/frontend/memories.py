# SPDX-License-Identifier: Apache-2.0
"""Recognises arrays as memories, splits them into banks, and turns accesses into bank and word address.

An array of structs becomes one memory a field; a struct of arrays one memory a member. Partitions give banks
(:mod:`edgemoe.compiler.banks`), the lanes of an ``hls::vector`` are always banks of their own. A bank index known at
compile time selects one bank; any other becomes the access's bank select.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from edgemoe.compiler.banks import BankLayout, Dimension, Form, Split, index_bits
from edgemoe.compiler.emitter import Emitter
from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.address import Pointer
from edgemoe.compiler.frontend.guards import OutsideError
from edgemoe.compiler.frontend.leaves import Leaf, steps
from edgemoe.compiler.frontend.objects import flatten
from edgemoe.compiler.frontend.parse import Global, Module
from edgemoe.compiler.ir import Affine, Compare, Const, Loc, Memory, Opcode, Storage, Value
from edgemoe.compiler.limits import MEMORY_BITS

_POINTER_BITS = 32
Partition = tuple[Split, int]  # and the factor


@dataclass(frozen=True, slots=True)
class Access:
    """One element access: the candidate banks, the word address, the choice of the bank, and the element."""

    memory: Memory
    banks: tuple[int, ...]
    address: Value
    select: Value | None
    element: Affine


@dataclass(slots=True)
class _Index:
    """An index of one dimension: constant plus (coefficient, value) terms."""

    constant: int
    terms: list[tuple[int, Value]]


def build_memory(name: str, leaf: Leaf, partition: dict[int, Partition], loc: Loc) -> Memory:
    """The memory of one leaf; ``partition`` maps dimension numbers (from 1; 0 is all) to what is asked for."""
    dims = []
    for number, dim in enumerate(leaf.dims, 1):
        how, factor = partition.get(number, partition.get(0, (Split.NONE, 1)))
        dims.append(Dimension.of(dim.extent, Split.COMPLETE if dim.lanes else how, factor))
    layout = BankLayout(tuple(dims))
    elements = math.prod(dim.extent for dim in leaf.dims)
    if elements * leaf.width > MEMORY_BITS:
        raise CompileError(
            loc.file,
            loc.line,
            f"the array '{name}' has {elements * leaf.width:,} bits; the limit is {MEMORY_BITS:,}. Keep it in memory "
            "behind an hls::burst_maxi.",
        )
    storage = Storage.REGISTERS if layout.depth == 1 else Storage.RAM
    return Memory(name, leaf.width, layout, storage, loc=loc)


def find_leaf(leaves: list[Leaf], pointer: Pointer, width: int) -> Leaf | None:
    """The leaf that an access of ``width`` bits at ``pointer`` goes to."""
    if len(leaves) == 1:
        return leaves[0]
    for leaf in leaves:
        rest = pointer.offset - leaf.offset
        strides = {stride for stride, _ in pointer.terms}
        if strides and not all(any(stride % dim.stride == 0 for dim in leaf.dims) for stride in strides):
            continue
        for dim in leaf.dims:
            count = rest // dim.stride
            varies = any(stride % dim.stride == 0 for stride in strides)
            if not varies:
                count = min(max(count, 0), dim.extent - 1)
            rest -= count * dim.stride
        if rest == 0:
            return leaf
    return None


def resolve_access(
    memory: Memory, leaf: Leaf, pointer: Pointer, values: dict[str, Value], emit: Emitter
) -> Access:
    """Banks, bank select and word address of an access to one element."""
    indices = _in_rows(memory, leaf, _indices(memory, leaf, pointer, values, emit.loc), emit)
    width = memory.address_bits
    base_bank = 0
    dynamic: list[tuple[Value, int, int]] = []  # bank of a dimension, banks of it, its weight in the whole
    address: Value = Const(0, width)
    for dim, index, (bank_step, row_step) in zip(
        memory.layout.dims, indices, memory.layout.weights(), strict=True
    ):
        if not 0 <= index.constant < dim.extent and not index.terms:
            raise OutsideError(
                emit.loc.file,
                emit.loc.line,
                f"index {index.constant} is outside the array '{memory.name}'.",
            )
        placed = dim.place(Form(index.constant, tuple(c for c, _ in index.terms)))
        if placed is not None:
            bank, row = placed
            base_bank += bank * bank_step
            terms = [(c, v) for c, (_, v) in zip(row.coefficients, index.terms, strict=True)]
            word = _sum(_Index(row.constant, terms), width, emit)
        else:
            chosen, word = _split(memory, dim, index, emit)
            dynamic.append((chosen, dim.factor, bank_step))
        if dim.words > 1:
            part = emit.times(emit.resize(word, width), row_step)
            address = emit.add(address, part) if not isinstance(part, Const) or part.value else address
    banks = [base_bank]
    select: Value | None = None
    for value, factor, step in dynamic:
        banks = [bank + step * k for bank in banks for k in range(factor)]
        bits = index_bits(len(banks))
        number = emit.resize(value, bits)
        select = number if select is None else emit.add(emit.times(emit.resize(select, bits), factor), number)
    return Access(memory, tuple(banks), address, select, _element(leaf, indices))


def _split(memory: Memory, dim: Dimension, index: _Index, emit: Emitter) -> tuple[Value, Value]:
    """(bank, row) of an index whose bank is known at run time only."""
    bank_bits, row_bits = index_bits(dim.factor), index_bits(dim.words)
    if dim.split is Split.COMPLETE:
        return _sum(index, bank_bits, emit), Const(0, row_bits)
    if dim.split is Split.CYCLIC:
        if dim.factor & (dim.factor - 1):
            raise CompileError(
                emit.loc.file,
                emit.loc.line,
                f"the bank of '{memory.name}' is chosen at run time, which needs a cyclic factor that is a power "
                f"of two, not {dim.factor}.",
            )
        whole = _sum(index, bank_bits + row_bits, emit)
        return emit.extract(whole, 0, bank_bits), emit.extract(whole, bank_bits, row_bits)
    if dim.words & (dim.words - 1) == 0:
        low = dim.words.bit_length() - 1
        whole = _sum(index, low + bank_bits, emit)
        return emit.extract(whole, low, bank_bits), emit.extract(whole, 0, low) if low else Const(0, 1)
    whole = _sum(index, index_bits(dim.extent), emit)
    bank: Value = Const(0, bank_bits)
    first: Value = Const(0, whole.width)  # element of the bank
    for number in range(1, dim.factor):
        if number * dim.words < dim.extent:
            start = Const(number * dim.words, whole.width)
            beyond = emit.compare(Compare.UGE, whole, start)
            bank = emit.select(beyond, Const(number, bank_bits), bank)
            first = emit.select(beyond, start, first)
    return bank, emit.resize(emit.pure(Opcode.SUB, whole.width, [whole, first]), row_bits)


def _element(leaf: Leaf, indices: list[_Index]) -> Affine:
    """The element's number. Byte positions wrap at 2**32, so that of an index fewer bits are certain."""
    constant, terms, bits = 0, dict[Value, int](), _POINTER_BITS
    for dim, index in zip(leaf.dims, indices, strict=True):
        constant = constant * dim.extent + index.constant
        terms = {value: coefficient * dim.extent for value, coefficient in terms.items()}
        for coefficient, value in index.terms:
            if isinstance(value, Const):
                constant += coefficient * (value.value - ((value.value >> (value.width - 1)) << value.width))
                continue
            terms[value] = terms.get(value, 0) + coefficient
        bits = min(bits, _POINTER_BITS - (dim.stride & -dim.stride).bit_length() + 1)
    return Affine(constant, tuple((c, v) for v, c in terms.items() if c), bits)


def _indices(
    memory: Memory, leaf: Leaf, pointer: Pointer, values: dict[str, Value], loc: Loc
) -> list[_Index]:
    counts, rest = steps(leaf, pointer.offset - leaf.offset)
    if rest:
        raise CompileError(
            loc.file, loc.line, f"this access to '{memory.name}' does not start at an element."
        )
    sums: list[dict[str, int]] = [{} for _ in counts]  # in each dimension, coefficients by LLVM value
    for stride, token in pointer.terms:
        moved, rest = steps(leaf, stride, term=True)
        if rest:
            raise CompileError(
                loc.file, loc.line, f"this access to '{memory.name}' does not step by whole elements."
            )
        for count, found in zip(moved, sums, strict=True):
            found[token] = found.get(token, 0) + count
    return [
        _Index(count, [(coefficient, values[token]) for token, coefficient in found.items() if coefficient])
        for count, found in zip(counts, sums, strict=True)
    ]


def _in_rows(memory: Memory, leaf: Leaf, indices: list[_Index], emit: Emitter) -> list[_Index]:
    """The indices of a block, whose rows do not lie apart: `r[1][i - 2]` may look like `r[0][i + 2]`.

    The element's number decides, where the constant may belong to either index.
    """
    if len(leaf.dims) != 2 or memory.layout.banks == 1 or leaf.dims[0].stride != _row_bytes(leaf):
        return indices
    outer, inner = indices
    if not inner.constant or not inner.terms or leaf.dims[0].extent == 1:
        return indices
    columns = leaf.dims[1].extent
    total = index_bits(leaf.dims[0].extent * columns)
    terms = [(c * columns, v) for c, v in outer.terms] + inner.terms
    number = _sum(_Index(outer.constant * columns + inner.constant, terms), total, emit)
    if columns & (columns - 1):
        by = Const(columns, total)
        row: Value = emit.pure(Opcode.UDIV, total, [number, by])
        column: Value = emit.pure(Opcode.UREM, total, [number, by])
    else:
        low = index_bits(columns)
        row, column = emit.extract(number, low, total - low), emit.extract(number, 0, low)
    return [_Index(0, [(1, emit.resize(part, part.width + 1))]) for part in (row, column)]


def _row_bytes(leaf: Leaf) -> int:
    return leaf.dims[1].extent * leaf.dims[1].stride


def _sum(index: _Index, width: int, emit: Emitter) -> Value:
    """The index as a value of ``width`` bits (modulo 2**width)."""
    total: Value = Const(0, width)
    for coefficient, value in index.terms:
        part = emit.times(emit.resize(value, width, signed=True), coefficient)
        total = part if isinstance(total, Const) and total.value == 0 else emit.add(total, part)
    return emit.add(total, Const.of(index.constant, width))


def initial_words(variable: Global, memory: Memory, leaf: Leaf, module: Module) -> list[list[int]]:
    """The words of a constant or static array by bank and address."""
    data = flatten(module.source, variable.type, variable.init)
    mask = (1 << memory.width) - 1
    words = []
    for position in memory.layout.positions():
        byte = leaf.offset + sum(i * dim.stride for i, dim in zip(position, leaf.dims, strict=True))
        words.append(data.get(byte, 0) & mask)
    return memory.layout.spread(words)
