# SPDX-License-Identifier: Apache-2.0
"""Rewrites the accesses of one function to the parts that its variables were split into."""

from __future__ import annotations

from edgemoe.compiler.frontend.copies import Copies
from edgemoe.compiler.frontend.elements import Conditions, Elements
from edgemoe.compiler.frontend.objects import Variable
from edgemoe.compiler.frontend.paths import describe
from edgemoe.compiler.frontend.pointers import Index, NoPlaceError, Place
from edgemoe.compiler.llvmir.objects import Inst, Record
from edgemoe.compiler.llvmir.types import POINTER, IntType, bits

_I1 = IntType(1)
_UNSIGNED_TO_SIGNED = {"ult": "slt", "ule": "sle", "ugt": "sgt", "uge": "sge"}
_LOST = "this use of an address cannot be followed; arrays and members can be read, written, copied and walked over."


class Rewrite(Elements):
    """Rewrites a function, in place."""

    dead: set[str]  #: pointers into split variables: nobody needs them once their uses are rewritten
    _copies: Copies

    def run(self) -> None:
        """Rewrites the function in place."""
        if not self.variables:
            return
        self._copies = Copies(self)
        last: dict[str, str] = {}
        phis = [inst for inst in self.function.instructions() if inst.opcode == "phi"]
        for label, block in self.function.blocks.items():
            self._open(label)
            for item in block:
                if isinstance(item, Record):
                    self.out.append(item)
                else:
                    self.inst = item
                    if not self._replaced(item):
                        self.out.append(item)
            last[label] = self.label
        self.function.blocks = self.blocks
        for inst in phis:  # copies that became loops ended some blocks early
            if any(last[t] != t for t in inst.targets):
                inst.targets = [last[target] for target in inst.targets]
                inst.text = ""
        entry = next(iter(self.blocks.values()))
        own = [v for v in self.variables.values() if v.scope]
        entry[:0] = [alloca for variable in own for alloca in self.parts.allocas(variable)]
        self._remove_pointers()
        records = self._records()
        allocas = [k for k, item in enumerate(entry) if isinstance(item, Inst) and item.opcode == "alloca"]
        after = max(allocas, default=-1) + 1
        entry[after:after] = records

    def _open(self, label: str) -> None:
        self.label = label
        self.out = self.blocks[label] = []

    def split_block(self, label: str) -> None:
        """What follows goes into a new block."""
        self._open(label)

    # ---- single instructions -------------------------------------------------------------------------------

    def _replaced(self, inst: Inst) -> bool:
        if inst.opcode == "alloca":
            return inst.result in self.variables
        if inst.callee.startswith("llvm.lifetime"):
            return inst.operands[-1] in self.variables
        if inst.opcode == "load" and (places := self._places(inst.operands[0])):
            token = self.load_any(places, bits(inst.type))
            self.emit("add", IntType(bits(inst.type)), [token, "0"], result=inst.result)
            return True
        if inst.opcode == "store" and (places := self._places(inst.operands[1])):
            self.store_any(places, inst.operands[0], bits(inst.types[0]))
            return True
        if inst.callee.startswith(("llvm.memcpy", "llvm.memmove", "llvm.memset")):
            return self._copies.rewrite(inst)
        if inst.opcode == "icmp" and inst.types[0] == POINTER:
            return self._compare(inst)
        if inst.opcode == "sub":
            return self._difference(inst)
        return False

    def _places(self, token: str) -> list[tuple[Conditions, Place]]:
        """The places behind a pointer into split variables, [] for others."""
        places = self.joins.places(token)
        return places if any(place.base in self.variables for _, place in places) else []

    # ---- pointers as numbers -------------------------------------------------------------------------------

    def _compare(self, inst: Inst) -> bool:
        """A comparison of two pointers into one array compares indices."""
        pair = self._indices(inst.operands[0], inst.operands[1])
        if pair is None:
            return False
        compare = _UNSIGNED_TO_SIGNED.get(inst.compare, inst.compare)
        self.emit("icmp", _I1, list(pair), [self.joins.index] * 2, result=inst.result, compare=compare)
        return True

    def _difference(self, inst: Inst) -> bool:
        """The distance of two pointers into one array, in bytes."""
        sources = [self.paths.definitions.get(operand) for operand in inst.operands]
        if any(source is None or source.opcode != "ptrtoint" for source in sources):
            return False
        first, second = (source.operands[0] for source in sources if source is not None)
        pair = self._indices(first, second)
        place = self.paths.place(first)
        if pair is None or place is None:
            return False
        type_ = IntType(bits(inst.type))
        index = self.joins.index
        distance = self.emit("sub", index, list(pair))
        size = self.parts.layout.size(place.type)
        if type_ == index:
            self.emit("mul", index, [distance, str(size)], result=inst.result)
        else:
            scaled = self.emit("mul", index, [distance, str(size)])
            self.emit("trunc", type_, [scaled], [index], result=inst.result)
        return True

    def _indices(self, first: str, second: str) -> tuple[str, str] | None:
        """The last indices of two places that differ in nothing else and lie in a split variable."""
        a, b = self.paths.place(first), self.paths.place(second)
        if a is None or b is None or a.base not in self.variables or a.base != b.base:
            return None
        for one, other in ((a, b), (b, a)):
            try:
                a, b = one, self.paths.seen_as(other, one.type)
            except NoPlaceError:
                continue
            if one is not (self.paths.place(first)):
                a, b = b, a
            break
        if len(a.steps) != len(b.steps) or a.steps[:-1] != b.steps[:-1] or not a.steps:
            return ("0", "0") if a.steps == b.steps else None
        x, y = a.steps[-1], b.steps[-1]
        if not isinstance(x, Index) or not isinstance(y, Index):
            return None
        tokens = []
        for index in (x, y):
            made, token = self.joins.index_insts(index, self.inst.debug)
            self.out += made
            tokens.append(token)
        return tokens[0], tokens[1]

    # ---- what is left --------------------------------------------------------------------------------------

    def _remove_pointers(self) -> None:
        """Takes out pointers into split variables; whoever still uses one is refused."""
        used = {
            token
            for block in self.blocks.values()
            for i in block
            if isinstance(i, Inst)
            for token in i.operands
        }
        numbers = {t for t, i in self.paths.definitions.items() if i.opcode == "ptrtoint" and t not in used}
        dead = self.dead = self._into_split() | numbers
        gone = {v.base for v in self.variables.values() if all(p.name != v.base for p in v.parts.values())}
        for block in self.blocks.values():
            block[:] = [item for item in block if not (isinstance(item, Inst) and item.result in dead)]
        for inst in self.function.instructions():
            for token in inst.operands:
                if token in dead or token in gone:
                    self.inst = inst
                    raise self.error(self.paths.reasons.get(inst.result, _LOST))

    def _into_split(self) -> set[str]:
        """Pointers into split variables, and those chosen among such."""
        dead: set[str] = set(self.joins.choices)
        for token, inst in self.paths.definitions.items():
            if inst.opcode != "getelementptr" and not (
                inst.opcode in ("phi", "select") and inst.type == POINTER
            ):
                continue
            place = self.paths.place(token)
            if place.base in self.variables if place is not None else self._choice_behind(token):
                dead.add(token)
        return dead

    def _choice_behind(self, token: str) -> bool:
        inst = self.paths.definitions.get(token)
        while inst is not None and inst.opcode == "getelementptr":
            token = inst.operands[0]
            inst = self.paths.definitions.get(token)
        return token in self.joins.choices

    def _records(self) -> list[Record]:
        """A record for each part of a variable, and for each other variable in memory.

        They go where the function starts: LLVM drops those of a block that it merges with another.
        """
        debug, function = self.module.debug, self.function.debug
        first: dict[str, Record] = {}
        for block in self.blocks.values():
            for item in block:
                if isinstance(item, Record) and item.kind == "dbg_declare" and item.operand[:1] == "%":
                    first.setdefault(item.operand, item)
            block[:] = [
                item
                for item in block
                if not (
                    isinstance(item, Record) and (item.kind == "dbg_declare" or item.operand in self.dead)
                )
            ]
        made: list[Record] = []
        for variable in self.variables.values():
            known = first.pop(variable.base, None)
            whole = all(part.name == variable.base for part in variable.parts.values())
            if not variable.scope:
                continue
            if known is not None and whole:
                made.append(known)
            elif known is not None:
                made += self._declared(variable, debug.node(known.variable).fields, known.debug)
            elif function:
                place = debug.add(f"!DILocation(line: 0, scope: !{function})")
                fields = {"scope": function, "file": debug.field(function, "file")}
                made += self._declared(variable, fields, place)
        return [*made, *(record for token, record in first.items() if token not in self.dead)]

    def _declared(self, variable: Variable, fields: dict[str, str], place: str) -> list[Record]:
        """A record for each part, by which LLVM's passes carry its name and its type along."""
        debug = self.module.debug
        made: list[Record] = []
        for part in variable.parts.values():
            name = part.name[1:].strip('"')
            places = "".join(f"{key}: !{fields[key]}, " for key in ("scope", "file") if key in fields)
            type_ = describe(debug, self.parts.layout, part.type)
            line = fields.get("line", "0")
            number = debug.add(f'!DILocalVariable(name: "{name}", {places}line: {line}, type: !{type_})')
            made.append(Record("dbg_declare", part.name, number, "!DIExpression()", place))
        return made
