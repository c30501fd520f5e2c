# SPDX-License-Identifier: Apache-2.0
"""Loads and stores of one process: finds the memory behind each pointer and emits the access."""

from __future__ import annotations

from edgemoe.compiler.banks import Split
from edgemoe.compiler.emitter import Emitter
from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.address import Pointer, Pointers
from edgemoe.compiler.frontend.arguments import Arguments
from edgemoe.compiler.frontend.leaves import Dim, Leaf, array_of_runs, leaves
from edgemoe.compiler.frontend.markers import Fact
from edgemoe.compiler.frontend.memories import (
    Access,
    Partition,
    build_memory,
    find_leaf,
    initial_words,
    resolve_access,
)
from edgemoe.compiler.frontend.names import identifier, source_name, variable
from edgemoe.compiler.frontend.parse import Function as LlvmFunction
from edgemoe.compiler.frontend.parse import Inst, Module
from edgemoe.compiler.frontend.source.pragmas import ArrayPartition, BindStorage, Dependence
from edgemoe.compiler.ir import Dependence as Promise
from edgemoe.compiler.ir import (
    Function,
    Memory,
    Op,
    Opcode,
    Pipeline,
    Place,
    Storage,
    Value,
)
from edgemoe.compiler.llvmir.types import IntType, bytes_of_bits


class Accesses:
    """Memories by the LLVM base they belong to."""

    def __init__(
        self,
        module: Module,
        source: LlvmFunction,
        facts: list[Fact],
        definitions: dict[str, Inst],
        function: Function,
        arguments: Arguments,
        values: dict[str, Value],
    ) -> None:
        self._module = module
        self._source = source
        self._facts = facts
        self._function = function
        self._arguments = arguments
        self._values = values
        self._definitions = definitions
        self._pointers = Pointers(module, definitions, {param.name for param in source.params})
        self._pointers.index_phis(source.blocks)
        self._memories: dict[tuple[str, tuple[int, ...]], tuple[Memory, Leaf]] = {}
        self.loop_of: dict[str, int] = {}  #: pipeline's name -> number of its mark

    # ---- accesses ------------------------------------------------------------------------------------------

    def load(self, inst: Inst, emit: Emitter, name: str) -> Value:
        """The value of a load; one wider than an element is several loads side by side."""
        return self._load_from(inst.operands[0], inst, emit, name)

    def _load_from(self, token: str, inst: Inst, emit: Emitter, name: str) -> Value:
        if choice := self._choice(token):
            condition, first, second = choice
            values = [self._load_from(part, inst, emit, name) for part in (first, second)]
            return emit.select(self._values[condition], *values)
        pointer = self._pointers.resolve(token, inst)
        self._check_readable(pointer, inst)
        parts = [
            self._load_part(inst, part, width, emit, name)
            for part, width in self._parts(inst, pointer, inst.width)
        ]
        return emit.resize(emit.concat(parts[::-1]), inst.width)

    def _load_part(self, inst: Inst, pointer: Pointer, width: int, emit: Emitter, name: str) -> Op:
        access = self._access(inst, pointer, width, emit)
        operands = [access.address, *([access.select] if access.select is not None else [])]
        return emit.effect(
            Opcode.LOAD,
            access.memory.width,
            operands,
            memory=access.memory.name,
            banks=access.banks,
            element=access.element,
            name=name,
        )

    def store(self, inst: Inst, data: Value, emit: Emitter, predicate: Value | None) -> None:
        """A store to a memory, or to an output scalar."""
        self._store_to(inst.operands[1], inst, data, emit, predicate)

    def _choice(self, token: str) -> tuple[str, str, str] | None:
        """(condition, pointer, pointer) if a pointer is a select of two."""
        definition = self._definitions.get(token)
        if definition is None or definition.opcode != "select":
            return None
        condition, first, second = definition.operands
        return condition, first, second

    def _store_to(self, token: str, inst: Inst, data: Value, emit: Emitter, predicate: Value | None) -> None:
        if choice := self._choice(token):
            condition = self._values[choice[0]]
            self._store_to(choice[1], inst, data, emit, emit.both(predicate, condition))
            self._store_to(choice[2], inst, data, emit, emit.both(predicate, emit.invert(condition)))
            return
        pointer = self._pointers.resolve(token, inst)
        if not pointer.base.startswith("@") and pointer.base not in self._definitions:
            output = self._arguments.output(pointer.base, data.width)
            if output is not None and not pointer.terms and pointer.offset == 0:
                emit.effect(
                    Opcode.OUTPUT,
                    0,
                    [emit.resize(data, output.width)],
                    channel=output.name,
                    predicate=predicate,
                )
                return
        low = 0
        for part, width in self._parts(inst, pointer, data.width):
            value = emit.extract(data, low, min(width, data.width - low))
            if bytes_of_bits(value.width) < bytes_of_bits(width):  # the other bytes of the element stay
                kept = self._load_part(inst, part, width, emit, "kept")
                value = emit.concat([emit.extract(kept, value.width, width - value.width), value])
            self._store_part(inst, part, width, value, emit, predicate)
            low += width

    def _store_part(
        self, inst: Inst, pointer: Pointer, width: int, data: Value, emit: Emitter, predicate: Value | None
    ) -> None:
        access = self._access(inst, pointer, width, emit)
        value = emit.resize(data, access.memory.width)
        operands = [access.address, value, *([access.select] if access.select is not None else [])]
        emit.effect(
            Opcode.STORE,
            0,
            operands,
            memory=access.memory.name,
            banks=access.banks,
            element=access.element,
            predicate=predicate,
        )

    def _parts(self, inst: Inst, pointer: Pointer, width: int) -> list[tuple[Pointer, int]]:
        """The element accesses that one access of ``width`` bits consists of."""
        leaves = self._leaves(pointer, inst)
        leaf = find_leaf(leaves, pointer, width)
        if leaf is None:
            raise self._error(inst, "this access cannot be matched with one array or member.")
        size = self._module.layout.size(IntType(leaf.width))
        moved = bytes_of_bits(
            width
        )  # LLVM merges what lies side by side, to integers of 3, 5, 6 or 7 bytes too
        if self._module.layout.size(IntType(width)) == size:
            return [(pointer, leaf.width)]
        if moved < size or moved % size or leaf.width != size * 8:
            raise self._error(
                inst, f"an access of {width} bits to an array of {leaf.width}-bit elements is not supported."
            )
        step = [Pointer(pointer.base, pointer.offset + k * size, pointer.terms) for k in range(moved // size)]
        return [(part, leaf.width) for part in step]

    def _access(self, inst: Inst, pointer: Pointer, width: int, emit: Emitter) -> Access:
        leaf = find_leaf(self._leaves(pointer, inst), pointer, width)
        if leaf is None:
            raise self._error(inst, "this access cannot be matched with one array or member.")
        for _, token in pointer.terms:
            name, _, shift = token.partition(">>")
            if shift and name in self._values:
                whole = self._values[name]
                upper = emit.extract(whole, int(shift), whole.width - int(shift))
                self._values[token] = emit.resize(upper, whole.width)
            if token not in self._values:
                raise self._error(inst, "this index is not a number that the compiler can trace.")
        memory = self._memory(pointer.base, leaf, inst)
        return resolve_access(memory, leaf, pointer, self._values, emit)

    def _error(self, inst: Inst, message: str) -> CompileError:
        loc = self._module.loc(inst)
        return CompileError(loc.file, loc.line, message)

    def _check_readable(self, pointer: Pointer, inst: Inst) -> None:
        if pointer.base.startswith("@") or pointer.base in self._definitions:
            return
        if self._arguments.block_at(pointer.base) is None:
            name = self._arguments.name(pointer.base)
            if pointer.terms or pointer.offset or self._written_as_array(pointer.base):
                raise self._array_argument(pointer, inst)
            raise self._error(
                inst,
                f"this reads the argument '{name}' through a pointer or reference; output scalars can only be written "
                "(keep a local copy), scalar arguments have at most 64 bits, and a buffer in memory is an "
                "hls::burst_maxi<T>.",
            )

    def _written_as_array(self, token: str) -> bool:
        return any(i.opcode == "getelementptr" and i.operands[0] == token for i in self._definitions.values())

    def _array_argument(self, pointer: Pointer, inst: Inst) -> CompileError:
        return self._error(
            inst,
            f"the array argument '{self._arguments.name(pointer.base)}' has no interface yet: make it an "
            "hls::stream<T>& if its elements come in order, else an hls::burst_maxi<T> with a local array; between "
            "the processes of a DATAFLOW function, an hls::stream_of_blocks.",
        )

    # ---- memories ------------------------------------------------------------------------------------------

    def _leaves(self, pointer: Pointer, inst: Inst) -> list[Leaf]:
        block = self._arguments.block_at(pointer.base)
        if block is not None:
            size = self._module.layout.size(IntType(block.width))
            rows, columns = block.dims
            return [Leaf((), 0, (Dim(rows, columns * size), Dim(columns, size)), block.width)]
        if pointer.base.startswith("@"):
            variable = self._module.globals.get(pointer.base)
            if variable is None:
                raise self._error(inst, f"the global variable '{pointer.base[1:]}' has no definition.")
            return leaves(self._module.layout, array_of_runs(self._module.layout, variable.type))
        definition = self._definitions.get(pointer.base)
        if definition is None:
            raise self._array_argument(pointer, inst)
        return leaves(self._module.layout, definition.type)

    def _memory(self, base: str, leaf: Leaf, inst: Inst) -> Memory:
        known = self._memories.get((base, leaf.path))
        if known is not None:
            return known[0]
        loc = self._module.loc(inst)
        block = self._arguments.block_at(base)
        if block is not None:
            memory = build_memory(block.name, leaf, {0: (Split.COMPLETE, 0)}, block.loc)
            memory.place = Place.BLOCK
        else:
            variable = self._module.globals.get(base)
            name = self._fresh(self._base_name(base) + "".join(f"_{k}" for k in leaf.path))
            memory = build_memory(name, leaf, self._partition(base, leaf, name), loc)
            if variable is not None:
                if variable.constant:
                    memory.constant, memory.storage = True, Storage.RAM
                memory.init = initial_words(variable, memory, leaf, self._module)
            self._bind(base, memory)
        self._memories[(base, leaf.path)] = memory, leaf
        self._function.memories[memory.name] = memory
        return memory

    def _base_name(self, base: str) -> str:
        if base.startswith("@"):
            return source_name(base[1:])
        return identifier(variable(self._source.variables.get(base) or base))

    def _fresh(self, name: str) -> str:
        taken = {*self._function.memories, *(arg.name for arg in self._arguments.args())}
        result, k = name, 0
        while result in taken:
            k += 1
            result = f"{name}_{k}"
        return result

    # ---- pragmas -------------------------------------------------------------------------------------------

    def _partition(self, base: str, leaf: Leaf, name: str) -> dict[int, Partition]:
        result: dict[int, Partition] = {}
        for fact in self._facts:
            pragma = fact.pragma
            if not isinstance(pragma, ArrayPartition) or pragma.off or not fact.names(base):
                continue
            if pragma.dim > len(leaf.dims) and fact.names_whole_of(base):
                continue  # an element, or a row, that is always reached by a constant index
            if pragma.dim > len(leaf.dims):
                has = f"{len(leaf.dims)} of them" if leaf.dims else "none: it is no array"
                raise CompileError(
                    fact.loc.file, fact.loc.line, f"'{name}' has no dimension {pragma.dim}; it has {has}."
                )
            before = result.setdefault(pragma.dim, (pragma.split, pragma.factor))
            if before != (pragma.split, pragma.factor):
                raise CompileError(
                    fact.loc.file,
                    fact.loc.line,
                    f"dimension {pragma.dim} of '{name}' is partitioned in another way by another pragma; "
                    "keep one of them.",
                )
        return result

    def _bind(self, base: str, memory: Memory) -> None:
        """Lets the BIND_STORAGE pragmas choose what keeps the words of a memory that is not made of registers."""
        if memory.storage is Storage.REGISTERS:
            return
        for fact in self._facts:
            if not isinstance(fact.pragma, BindStorage) or not fact.names(base):
                continue
            fact.used, asked = True, fact.pragma.storage
            if asked is None:
                continue
            if memory.storage not in (Storage.RAM, asked):
                raise CompileError(
                    fact.loc.file,
                    fact.loc.line,
                    f"another pragma keeps '{memory.name}' in {memory.storage.value}; keep one of them.",
                )
            if asked is Storage.URAM and any(map(any, memory.init or [])):
                raise CompileError(
                    fact.loc.file,
                    fact.loc.line,
                    f"'{memory.name}' has initial values, which an UltraRAM cannot start with; impl=bram and "
                    "impl=lutram can.",
                )
            memory.storage = asked

    def dependences(self, region: Pipeline) -> list[Promise]:
        """The DEPENDENCE pragmas that hold in a pipelined loop."""
        loop = self.loop_of.get(region.name, 0)
        result = []
        for fact in self._facts:
            pragma = fact.pragma
            if not isinstance(pragma, Dependence) or not loop or fact.loop != loop:
                continue
            names = frozenset(m.name for (base, _), (m, leaf) in self._memories.items() if fact.names(base))
            hazards = frozenset([pragma.hazard] if pragma.hazard is not None else [])
            false = pragma.dependent is False
            result.append(Promise(names, pragma.inter, false, pragma.distance, hazards))
        return result
