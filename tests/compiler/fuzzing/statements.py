# SPDX-License-Identifier: Apache-2.0
"""Random statements of a function's body: declarations, loops, branches, calls, and the rounds of a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuzzing.expressions import Callee, Expressions, Place, Scope
from fuzzing.scalars import INT, Ap, Builtin, Enum, Scalar
from fuzzing.storage import Struct, Variable, constant, extents, initialise, partition, pragma
from fuzzing.tree import Node

if TYPE_CHECKING:
    from fuzzing.generate import _Maker


class Body:
    """Writes statements into ``node`` and knows what they may name."""

    def __init__(self, maker: _Maker, node: Node, places: list[Place], callees: list[Callee]) -> None:
        self.maker, self.node, self.rng = maker, node, maker.rng
        self.places, self.callees = list(places), callees
        self.variables: list[Variable] = []
        self.pure = False  #: a helper: no stream, no static
        self.in_order = False  #: a process of a dataflow region: tokens in and out match round by round
        self.in_pipeline = False
        self.source: tuple[str, str] | None = None  #: input stream and token type
        self.make = Expressions(self.rng, maker.features, maker.types)

    def has(self, feature: str, chance: float = 1.0) -> bool:
        return self.maker.has(feature, chance)

    def fresh(self, prefix: str) -> str:
        self.maker.count += 1
        return f"{prefix}{self.maker.count}"

    @property
    def scope(self) -> Scope:
        return Scope(self.places, self.callees)

    def value(self, kind: Scalar, depth: int = 2) -> str:
        return self.make.of_type(self.scope, kind, depth)

    def into(self, node: Node) -> Body:
        """A body for a nested block, which sees what this one declares."""
        inner = Body(self.maker, node, self.places, self.callees)
        inner.variables = list(self.variables)
        inner.pure, inner.in_order, inner.in_pipeline = self.pure, self.in_order, self.in_pipeline
        inner.source = self.source
        return inner

    # -- declarations
    def declare(self) -> None:
        kind = self.maker.scalar()
        name = self.fresh("v")
        word = self.rng.choice(["", "", "const "])
        self.node.add(
            f"{word}{kind.name} {name} = {self.value(kind, self.rng.randint(1, 3))};",
            simpler=(f"{kind.name} {name} = {_small(kind)};",),
        )
        self.places.append(Place(name, kind, writable=not word))

    def storage(self, *, static: bool) -> None:
        """An array or a struct, initialised by loops or, if static, by a constant."""
        maker, rng = self.maker, self.rng
        kind: Scalar | Struct = maker.scalar(narrow=True)
        dims: tuple[int, ...] = (maker.extent(),)
        if maker.structs and rng.random() < 0.6:
            kind = rng.choice(maker.structs)
            dims = (rng.choice([2, 3, 4]),) if self.has("nested", 0.3) else ()
        elif self.has("nested", 0.4):
            dims = (rng.choice([2, 3, 4, 8]), rng.choice([2, 4, 3]))
        elif static and rng.random() < 0.4:
            dims = ()
        name = self.fresh("m")
        variable = Variable(name, kind, dims)
        if static:
            given = f" = {constant(kind, dims, rng)}" if rng.random() < 0.75 else ""
            self.node.add(f"static {kind.name} {name}{extents(dims)}{given};")
        else:
            given = " = {}" if rng.random() < 0.3 and (dims or isinstance(kind, Struct)) else ""
            self.node.add(f"{kind.name} {name}{extents(dims)}{given};")
        if self.has("partitions", 0.6):
            for array, _, extent in variable.arrays():
                if rng.random() < 0.6 and (text := partition(array, extent, rng, f"{maker.name}_two")):
                    self.node.add(text)
        if not static and not given:
            initialise(variable, self.node, rng, self.fresh("k"))
        self.variables.append(variable)
        self.places += variable.places()

    # -- statements
    def statements(self, count: int, nest: int) -> None:
        for _ in range(count):
            if self.maker.budget > 0:
                self.maker.budget -= 1
                self.statement(nest)

    def statement(self, nest: int) -> None:
        forms = [self.declare, self.declare, self.assign, self.assign, self.assign]
        branches = [self.branch]
        if self.has("switch"):
            branches.append(self.switch)
        if self.has("break") and not self.in_pipeline:
            branches.append(self.early)
        loops = []
        if nest and self.has("loops"):
            loops = [self.loop, self.loop]
            if self.has("while") and not self.in_pipeline:
                loops.append(self.while_loop)
            if self.has("pointer"):
                loops.append(self.pointer_walk)
        if self.has("lambda"):
            forms.append(self.call_lambda)
        if self.has("reference"):
            forms.append(self.bind_reference)
        if self.has("struct_copy"):
            forms.append(self.copy_struct)
        if self.source and self.has("several_reads", 0.5):
            forms.append(self.read_again)
        if self.maker.struct_functions and not self.pure:
            forms.append(self.call_struct)
        kind = self.rng.random()
        if kind < 0.6 or (kind < 0.8 and not branches) or (kind >= 0.8 and not loops):
            self.rng.choice(forms)()
        elif kind < 0.8:
            self.rng.choice(branches)(nest)  # type: ignore[operator]
        else:
            self.rng.choice(loops)(nest - 1)

    def assign(self) -> None:
        found = self.make.place(self.scope, writable=True)
        if found is None:
            return self.declare()
        text, place = found
        kind = place.type
        plain = f"{text} = {_small(kind)};"
        depth = self.rng.randint(1, 3)
        if isinstance(kind, Ap) and self.rng.random() < 0.3:
            op = self.rng.choice(["+=", "-=", "^=", "&=", "|="])
            self.node.add(f"{text} {op} {self.make.ap_leaf(self.scope)[0]};", simpler=(plain,))
        elif isinstance(kind, Ap) and kind.width > 2 and self.rng.random() < 0.3:
            lo = self.rng.randrange(kind.width)
            hi = self.rng.randrange(lo, kind.width)
            self.node.add(
                f"{text}.range({hi}, {lo}) = {self.make.number(self.scope, 1).text};", simpler=(plain,)
            )
        elif isinstance(kind, Builtin) and not kind.signed and kind.width > 1 and self.rng.random() < 0.4:
            op = self.rng.choice(["+=", "-=", "^=", "&=", "|="])
            if (
                kind.width < 32 or op in "+=-="
            ):  # a narrow one is promoted to int and cannot overflow by one byte
                other = self.value(kind, 1)
                other = f"({kind.name})({other})"
                self.node.add(f"{text} {op} {other};", simpler=(plain,))
            else:
                self.node.add(f"{text} {op} {self.make.number(self.scope, 1).text};", simpler=(plain,))
        elif isinstance(kind, Builtin) and not kind.signed and kind.width > 1 and self.rng.random() < 0.3:
            self.node.add(f"{text}{self.rng.choice(['++', '--'])};")
        else:
            self.node.add(f"{text} = {self.value(kind, depth)};", simpler=(plain,))
        return None

    def branch(self, nest: int) -> None:
        node = self.node.add(
            f"if {self.make.condition(self.scope, 2)} {{", tail="}", simpler=("if (true) {",)
        )
        self.into(node).statements(self.rng.randint(1, 3), nest)
        if self.rng.random() < 0.5:
            other = node.add("} else {", fixed=False)
            inner = Body.into(self, other)
            inner.statements(self.rng.randint(1, 3), nest)

    def switch(self, nest: int) -> None:
        text = self.make.number(self.scope, 2).text
        node = self.node.add(f"switch ((int)({text}) & 3) {{", tail="}")
        for case in self.rng.sample(range(4), self.rng.randint(1, 3)):
            arm = node.add(f"case {case}: {{", tail="}" if self.rng.random() < 0.25 else "} break;")
            self.into(arm).statements(self.rng.randint(1, 2), nest)
        if self.rng.random() < 0.7:
            arm = node.add("default: {", tail="}")
            self.into(arm).statements(1, nest)

    def early(self, nest: int) -> None:
        """A branch; loops have their own ``break`` and ``continue``."""
        self.branch(nest)

    def loop(self, nest: int) -> None:
        rng = self.rng
        name = self.fresh("i")
        kind = rng.choice(
            ["int", "int", "unsigned", "unsigned char", "short", "ap_uint<5>", "long", "size_t"]
        )
        bound = rng.randint(1, 6)
        limit, high = str(bound), bound - 1
        if rng.random() < 0.3 and not self.in_pipeline:  # where it would have to be unrolled
            limit = self.fresh("n")
            self.node.add(
                f"const int {limit} = ({self.make.number(self.scope, 1).text}) & {rng.choice([3, 7])};"
            )
            high, kind = 7, "int"
        header = rng.choice(
            [f"for ({kind} {name} = 0; {name} < {limit}; {name}++) {{"] * 3
            + [
                f"for (int {name} = {limit}; {name} > 0; {name}--) {{",
                f"for (int {name} = 0; {name} < {limit}; {name} += 2) {{",
            ]
        )
        if "> 0" in header:
            high, kind = high + 1, "int"
        if "+= 2" in header:
            kind = "int"
        node = self.node.add(header, tail="}")
        inner = self.into(node)
        if not self.in_pipeline and self.has("inner_pipeline", 0.5):
            node.add(pragma(rng, "PIPELINE", self.interval()))
            inner.in_pipeline, nest = True, 0
        elif not self.pure and self.has("unroll", 0.4):
            options = [""] if limit.isdigit() else []
            options += [f"factor={rng.choice([2, 3])}"] if limit.isdigit() else []
            if options and not self.in_pipeline:
                node.add(pragma(rng, "UNROLL", rng.choice(options)))
        inner.places.append(
            Place(name, INT if kind == "int" else _counter(kind), lo=0, hi=high, writable=False)
        )
        inner.statements(rng.randint(1, 3), nest)
        inner.accumulate(name)
        if self.has("break", 0.3):
            word = rng.choice(["break", "continue"])
            node.add(f"if {inner.make.condition(inner.scope, 1)} {word};")
            inner.statements(1, 0)

    def interval(self) -> str:
        ii = self.rng.choice([1, 1, 2, 2, 3, 4])
        return self.rng.choice(
            [f"II={ii}", f"ii={ii}", f"II={self.maker.name}_two" if ii == 2 else f"II={ii}"]
        )

    def accumulate(self, name: str) -> None:
        """Changes something from outside the loop, so that the loop matters."""
        found = [p for p in self.places if p.writable and not p.dims and not isinstance(p.type, Enum)]
        if not found:
            return
        place = self.rng.choice(found)
        kind = place.type
        if isinstance(kind, Builtin):
            self.node.add(f"{place.text} = ({kind.name})({place.text} ^ {name});")
        else:
            self.node.add(f"{place.text} = {kind.name}({place.text} + {name});")

    def while_loop(self, nest: int) -> None:
        rng, name = self.rng, self.fresh("w")
        self.node.add(
            f"int {name} = ({self.make.number(self.scope, 1).text}) & {rng.choice([3, 7])};", fixed=False
        )
        if rng.random() < 0.6:
            node = self.node.add(f"while ({name}-- > 0) {{", tail="}")
        else:
            node = self.node.add("do {", tail=f"}} while ({name}-- > 0);")
        inner = self.into(node)
        inner.statements(rng.randint(1, 3), nest)
        inner.accumulate(name)
        if self.has("break", 0.4):
            node.add(f"if {inner.make.condition(inner.scope, 1)} {rng.choice(['break', 'continue'])};")
            inner.statements(1, 0)

    def pointer_walk(self, _: int) -> None:
        arrays = [
            a for v in self.variables for a in v.arrays() if len(a[2]) == 1 and isinstance(a[1], Builtin | Ap)
        ]
        if not arrays or self.in_pipeline:
            return self.declare()
        array, kind, dims = self.rng.choice(arrays)
        assert not isinstance(kind, Struct)
        pointer, sum_, i = self.fresh("p"), self.fresh("v"), self.fresh("i")
        self.node.add(f"unsigned {sum_} = {self.rng.randrange(9)};")
        self.node.add(f"const {kind.name}* {pointer} = {array};")
        loop = self.node.add(f"for (int {i} = 0; {i} < {dims[0]}; {i}++) {{", tail="}")
        loop.add(f"{sum_} = {sum_} * 3 + (unsigned)(*{pointer}++);")
        self.places.append(Place(sum_, _counter("unsigned")))
        return None

    def call_lambda(self) -> None:
        name, kind = self.fresh("g"), self.maker.scalar(narrow=True)
        result = self.maker.scalar(narrow=True)
        argument = Place("y", kind, writable=False)
        captured = [p for p in self.places if not p.dims]
        body = self.make.of_type(Scope([argument, *captured], []), result, 2)
        capture = self.rng.choice(["[&]", "[=]"]) if captured else "[]"
        self.node.add(f"auto {name} = {capture}({kind.name} y) -> {result.name} {{ return {body}; }};")
        target = self.fresh("v")
        self.node.add(f"{result.name} {target} = {name}({self.value(kind, 1)});")
        self.places.append(Place(target, result))

    def bind_reference(self) -> None:
        found = [p for p in self.places if p.writable and (p.dims or "." in p.text)]
        if not found:
            return
        place = self.rng.choice(found)
        text = place.text.format(*(self.make.index(self.scope, d) for d in place.dims))
        name = self.fresh("r")
        self.node.add(f"{place.type.name}& {name} = {text};")
        self.places.append(Place(name, place.type, lo=place.lo, hi=place.hi))

    def copy_struct(self) -> None:
        found = [v for v in self.variables if isinstance(v.type, Struct)]
        if not found:
            return self.declare()
        variable = self.rng.choice(found)
        source = variable.expression + "".join(f"[{self.make.index(self.scope, d)}]" for d in variable.dims)
        targets = [v for v in found if v.type is variable.type and v is not variable and v.writable]
        if targets and self.rng.random() < 0.5:
            target = self.rng.choice(targets)
            where = target.expression + "".join(f"[{self.make.index(self.scope, d)}]" for d in target.dims)
            self.node.add(f"{where} = {source};")
            return None
        name = self.fresh("s")
        assert isinstance(variable.type, Struct)
        self.node.add(f"{variable.type.name} {name} = {source};")
        copy = Variable(name, variable.type)
        self.variables.append(copy)
        self.places += copy.places()
        return None

    def call_struct(self) -> None:
        """A call that takes a struct by value or by reference, or returns one."""
        function = self.rng.choice(self.maker.struct_functions)
        found = [v for v in self.variables if v.type is function.struct and v.writable]
        argument = self.value(function.scalar, 1)
        if function.returns:
            name = self.fresh("s")
            self.node.add(f"{function.struct.name} {name} = {function.name}({argument});")
            made = Variable(name, function.struct)
            self.variables.append(made)
            self.places += made.places()
            return
        if not found:
            return self.declare()
        variable = self.rng.choice(found)
        text = variable.expression + "".join(f"[{self.make.index(self.scope, d)}]" for d in variable.dims)
        if function.reference:
            self.node.add(f"{function.name}({text}, {argument});")
            return None
        name = self.fresh("v")
        self.node.add(f"{function.scalar.name} {name} = {function.name}({text}, {argument});")
        self.places.append(Place(name, function.scalar))
        return None

    def read_again(self) -> None:
        """One more token, sometimes only when a condition holds."""
        assert self.source
        stream, token, leaves = self.source  # type: ignore[misc]
        if len(leaves) != 1 or leaves[0].dims or isinstance(leaves[0].type, Struct):
            return self.declare()
        name, kind = self.fresh("v"), leaves[0].type
        if self.has("conditional_io", 0.5):
            self.node.add(f"{token} {name} = {_small(kind)};")
            node = self.node.add(f"if {self.make.condition(self.scope, 1)} {{", tail="}")
            node.add(f"{name} = {stream}.read();")
        else:
            self.node.add(f"{token} {name} = {stream}.read();")
        self.places.append(Place(name, kind))
        return None

    # -- a process
    def rounds(
        self,
        token: str,
        leaves: list[Variable],
        source: str,
        result: str,
        sink: str,
        token_leaves: list[Variable] | None = None,
    ) -> None:
        """``count`` rounds: read a token, compute, write one into which everything is folded."""
        rng = self.rng
        for _ in range(rng.randint(0, 2)):
            if self.has("statics", 0.7):
                self.storage(static=True)
        for _ in range(rng.randint(1, 3)):
            self.storage(static=False)
        for _ in range(rng.randint(1, 3)):
            self.declare()
        states = [p for p in self.places if p.writable]
        copied = self.copies("(int)count") if "copies" in self.maker.features else []
        name = self.fresh("round")
        node = self.node.add(f"for (int {name} = 0; {name} < count; {name}++) {{", tail="}", fixed=True)
        inner = self.into(node)
        inner.places.append(Place(name, INT, lo=0, hi=9, writable=False))
        nest = 2
        if self.has("pipeline", 0.5):
            node.add(pragma(rng, "PIPELINE", self.interval()))
            inner.in_pipeline, nest = True, 1
        node.add(f"const {token} x = {source}.read();", fixed=True)
        for variable in leaves:
            inner.places += Variable(
                variable.expression.format("x"), variable.type, variable.dims, False
            ).places()
        if not self.in_order:
            inner.source = (source, token, leaves)  # type: ignore[assignment]
        inner.statements(rng.randint(3, 10), nest)
        if "copies" in self.maker.features and not inner.in_pipeline:
            copied += inner.copies(name)
        for place in copied[:4]:
            inner.places.append(Place(place, INT, writable=False))
        if token_leaves:
            node.add(f"{result} y;", fixed=True)
            for variable in token_leaves:
                for place in Variable(variable.expression.format("y"), variable.type, variable.dims).places():
                    self._fill(inner, place)
            node.add(f"{sink}.write(y);", fixed=True)
            return
        self._fold(inner, node, states, sink)

    def copies(self, value: str) -> list[str]:
        """Copies and fills of arrays; elements of those that were declared for them, which the fold shall see."""
        made = self.maker.copies.add(self.node, self.variables, value)
        masks = [(1 << (v.dims[-1].bit_length() - 1)) - 1 for v in made]
        return [
            f"(int)({v.expression}{'[1]' * (len(v.dims) - 1)}[({value}) & {mask}])"
            for v, mask in zip(made, masks, strict=True)
        ]

    @staticmethod
    def _fill(inner: Body, place: Place) -> None:
        """Every lane or member of a token gets a value."""
        for lane in range(place.dims[0] if place.dims else 1):
            text = place.text.format(lane) if place.dims else place.text
            inner.node.add(
                f"{text} = {inner.value(place.type, 2)};", simpler=(f"{text} = {_small(place.type)};",)
            )

    def _fold(self, inner: Body, node: Node, states: list[Place], sink: str) -> None:
        node.add("ap_uint<64> fold = 1;", fixed=True)
        seen = [p for p in inner.places if not p.dims]
        arrays = [p for p in states if p.dims]
        for place in seen:
            node.add("fold = ap_uint<64>((fold << 7) ^ (fold >> 57));")
            if isinstance(place.type, Ap) and place.type.width > 64:
                node.add(
                    f"fold ^= ap_uint<64>({place.text} >> {place.type.width - 64}) ^ ap_uint<64>({place.text});"
                )
            elif isinstance(place.type, Enum):
                node.add(f"fold ^= ap_uint<64>(({place.type.base.name}){place.text});")
            else:
                node.add(f"fold ^= ap_uint<64>({place.text});")
        for place in arrays[:3]:
            text = place.text.format(*(inner.make.index(inner.scope, d) for d in place.dims))
            cast = f"({place.type.base.name}){text}" if isinstance(place.type, Enum) else text
            node.add(f"fold ^= ap_uint<64>({cast}) << 3;")
        node.add(f"{sink}.write(fold);", fixed=True)


def _small(kind: Scalar) -> str:
    return f"static_cast<{kind.name}>(1)" if isinstance(kind, Enum) else "1"


def _counter(kind: str) -> Scalar:
    from fuzzing.scalars import BUILTINS, UNSIGNED

    if kind == "ap_uint<5>":
        return Ap(5, False)
    return next((b for b in BUILTINS if b.name == kind), UNSIGNED)
