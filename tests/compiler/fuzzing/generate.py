# SPDX-License-Identifier: Apache-2.0
"""A random kernel ``void NAME(in, out, count)`` from a seed: one process, or several with FIFOs and blocks between."""

from __future__ import annotations

import random
from dataclasses import dataclass

from fuzzing.expressions import Callee, Place
from fuzzing.extras import Copies, Masters, add_masters
from fuzzing.scalars import AP_WIDTHS, BUILTINS, Ap, Builtin, Enum, Scalar
from fuzzing.statements import Body
from fuzzing.storage import Struct, Variable, constant, extents, pragma
from fuzzing.tree import Node

#: What a program may use; each seed leaves some out, so that programs differ in more than their lengths.
FEATURES = (
    "ap", "builtins", "division", "calls", "structs", "nested", "statics", "tables", "partitions", "loops",
    "pipeline", "inner_pipeline", "unroll", "switch", "while", "break", "lambda", "overloads", "defaults", "module",
    "by_value", "by_reference", "returned_struct", "reference", "pointer", "enum", "dataflow", "blocks", "vector",
    "several_reads", "conditional_io", "outputs", "struct_copy", "struct_token", "wide",
)  # fmt: skip
#: Beside a program's own code (`extras`); how often each is there.
EXTRAS = {"copies": 0.35, "copied_counts": 0.3, "masters": 0.25, "returned": 0.3}
#: What the compiler refuses so far: numbers of bytes that are known at run time only.
REFUSED = frozenset({"copied_counts"})
ROUNDS = 10
#: Elements that each input stream gets: more than any program reads.
SUPPLY = 400
#: Bits of a register that an output argument of the top is read through, at most.
REGISTER_BITS = 64


@dataclass(frozen=True)
class Program:
    """A generated program: a function ``name`` with an input stream ``in`` and a number of rounds ``count``."""

    name: str
    seed: int
    root: Node
    features: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        return self.root.text()


def program(seed: int, *, without: frozenset[str] = REFUSED) -> Program:
    """The program of ``seed``; features in ``without`` are never used."""
    return _Maker(seed, without).make()


class _Maker:
    def __init__(self, seed: int, without: frozenset[str]) -> None:
        self.rng = random.Random(seed)
        self.name, self.seed = f"f{seed}", seed
        dense = self.rng.choice([0.35, 0.6, 0.85])
        self.features = frozenset(f for f in FEATURES if self.rng.random() < dense) - without
        self.beside = random.Random(f"beside {seed}")
        self.features |= {f for f, chance in EXTRAS.items() if self.beside.random() < chance} - without
        self.copies = Copies(self.beside, f"{self.name}_two", counts="copied_counts" in self.features)
        if not self.features & {"ap", "builtins"}:
            self.features |= {"builtins"}
        self.types = [t for t in BUILTINS if self.rng.random() < 0.5] or [BUILTINS[6]]
        if "builtins" not in self.features:
            self.types = [BUILTINS[6]]
        self.root = Node()
        self.enums: list[Enum] = []
        self.structs: list[Struct] = []
        self.callees: list[Callee] = []
        self.globals: list[Place] = []
        self.struct_functions: list[StructFunction] = []
        self.budget = self.rng.choice([8, 16, 24, 36])  #: statements that may still be made
        self.count = 0  #: names given so far

    def has(self, feature: str, chance: float = 1.0) -> bool:
        return feature in self.features and self.rng.random() < chance

    # -- types
    def scalar(self, *, narrow: bool = False) -> Scalar:
        if self.enums and self.rng.random() < 0.08:
            return self.rng.choice(self.enums)
        if self.has("ap", 0.5 if "builtins" in self.features else 0.9):
            widths = [w for w in AP_WIDTHS if w <= (33 if narrow or "wide" not in self.features else 129)]
            return Ap(self.rng.choice(widths), self.rng.random() < 0.5)
        return self.rng.choice(self.types)

    def extent(self) -> int:
        return self.rng.choice([2, 3, 4, 4, 8, 8, 5, 16, 10, 32])

    def define_types(self) -> None:
        if self.has("enum"):
            base = self.rng.choice([t for t in BUILTINS if t.width >= 8])
            enum = Enum(f"{self.name}_e", base, self.rng.random() < 0.5)
            word = "enum class" if enum.scoped else "enum"
            members = ", ".join(f"{self.name}_{k}" for k in "abcd")
            self.root.add(f"{word} {enum.name} : {base.name} {{ {members} }};")
            self.enums.append(enum)
        if self.has("structs"):
            for number in range(self.rng.randint(1, 3)):
                struct = Struct(f"{self.name}_s{number}")
                inner = [s for s in self.structs if len(s.fields) < 4] if "nested" in self.features else []
                for field in range(self.rng.randint(1, 4)):
                    kind: Scalar | Struct = self.scalar(narrow=True)
                    if inner and self.rng.random() < 0.4:
                        kind = self.rng.choice(inner)
                    dims: tuple[int, ...] = ()
                    if self.rng.random() < 0.5:
                        dims = (self.rng.choice([2, 3, 4, 8]),)
                        if self.has("nested", 0.3) and not isinstance(kind, Struct):
                            dims += (self.rng.choice([2, 4]),)
                    struct.fields.append((f"m{field}", kind, dims))
                struct.define(self.root)
                self.structs.append(struct)

    def define_globals(self) -> None:
        self.root.add(f"static constexpr int {self.name}_two = 2;", fixed=True)
        for number in range(self.rng.randint(1, 2) if self.has("tables") else 0):
            kind = self.scalar(narrow=True)
            if isinstance(kind, Enum):
                kind = self.types[0]
            dims = (self.rng.choice([4, 8, 10, 16]),)
            if self.has("nested", 0.3):
                dims = (4, self.rng.choice([2, 3, 4]))
            word = (
                "static const"
                if isinstance(kind, Ap)
                else self.rng.choice(["static const", "static constexpr", "const"])
            )
            name = f"{self.name}_t{number}"
            self.root.add(f"{word} {kind.name} {name}{extents(dims)} = {constant(kind, dims, self.rng)};")
            self.globals += Variable(name, kind, dims, writable=False).places()

    # -- functions
    def body(self, node: Node, places: list[Place], **options: bool) -> Body:
        body = Body(self, node, [*self.globals, *places], list(self.callees))
        for key, value in options.items():
            setattr(body, key, value)
        return body

    def define_helpers(self) -> None:
        if not self.has("calls"):
            return
        for number in range(self.rng.randint(1, 3)):
            self._helper(number)

    def define_struct_functions(self) -> None:
        for number, struct in enumerate(self.structs):
            for form in ("by_value", "by_reference", "returned_struct"):
                if self.has(form, 0.6):
                    self._struct_function(f"{self.name}_{form[:4]}{form[-1]}{number}", struct, form)

    def _struct_function(self, name: str, struct: Struct, form: str) -> None:
        rng = self.rng
        kind = self.scalar(narrow=True)
        word = rng.choice(["static ", ""])
        if form == "returned_struct":
            node = self.root.add(f"{word}{struct.name} {name}({kind.name} k) {{", tail="}")
            node.add(f"{struct.name} s = {{}};", fixed=True)
        elif form == "by_reference":
            node = self.root.add(f"{word}void {name}({struct.name}& s, {kind.name} k) {{", tail="}")
        else:
            node = self.root.add(f"{word}{kind.name} {name}({struct.name} s, {kind.name} k) {{", tail="}")
        variable = Variable("s", struct)
        body = self.body(node, [*variable.places(), Place("k", kind)], pure=True)
        body.variables = [variable]
        for _ in range(rng.randint(1, 3)):
            body.assign()
        body.statements(rng.randint(0, 2), 1)
        if form == "returned_struct":
            node.add("return s;", fixed=True)
        elif form == "by_value":
            node.add(f"return {body.value(kind)};", simpler=(f"return {_one(kind)};",))
        self.struct_functions.append(
            StructFunction(name, struct, kind, form == "by_reference", form == "returned_struct")
        )

    def _helper(self, number: int) -> None:
        name, rng = f"{self.name}_h{number}", self.rng
        variants = 2 if self.has("overloads", 0.4) else 1
        made = []
        for variant in range(variants):
            kinds = tuple(self.scalar(narrow=True) for _ in range(rng.randint(1, 3)))
            if variants == 2:  # one of a class type, one built in: no call is ambiguous
                kinds = (
                    ((Ap(17 + 5 * variant, True),) * (variant + 1))[: variant + 1]
                    if variant
                    else (rng.choice(self.types),)
                )
            result = self.scalar(narrow=True)
            module = self.has("module", 0.4) and variants == 1
            defaults = rng.randint(0, len(kinds) - 1) if self.has("defaults", 0.5) and variants == 1 else 0
            parameters = []
            for k, kind in enumerate(kinds):
                given = f" = {constant(kind, (), rng)}" if k >= len(kinds) - defaults else ""
                qualifier = rng.choice(["", "const "])
                parameters.append(f"{qualifier}{kind.name} x{k}{given}")
            word = rng.choice(["static ", "", "inline "])
            node = self.root.add(f"{word}{result.name} {name}({', '.join(parameters)}) {{", tail="}")
            if module:
                node.add("#pragma HLS INLINE off")
            elif rng.random() < 0.2:
                node.add("#pragma HLS INLINE")
            places = [Place(f"x{k}", kind, writable=False) for k, kind in enumerate(kinds)]
            body = self.body(node, places, pure=True)
            body.callees = []
            if rng.random() < 0.6:
                body.statements(rng.randint(1, 3), 0)
            node.add(f"return {body.value(result)};", simpler=(f"return {_one(result)};",), fixed=False)
            made.append(Callee(name, result, kinds, defaults))
        self.callees += made

    # -- the top
    def stream_type(self) -> tuple[str, list[Variable]]:
        """A token's type and how its scalars are reached in a token."""
        if self.has("vector", 0.3):
            kind, lanes = self.scalar(narrow=True), self.rng.choice([2, 4, 3])
            if isinstance(kind, Enum):
                kind = self.types[0]
            return f"hls::vector<{kind.name}, {lanes}>", [Variable("{}", kind, (lanes,))]
        flat = [s for s in self.structs if all(not d and not isinstance(k, Struct) for _, k, d in s.fields)]
        if flat and self.has("struct_token", 0.5):
            struct = self.rng.choice(flat)
            return struct.name, [Variable("{}", struct)]
        kind = self.scalar()
        return kind.name, [Variable("{}", kind)]

    def make(self) -> Program:
        for header in (
            "ap_int.h",
            "hls_stream.h",
            "hls_streamofblocks.h",
            "hls_vector.h",
            "hls_burst_maxi.h",
            "stddef.h",
            "stdint.h",
            "string.h",
        ):
            self.root.add(f"#include <{header}>")
        self.define_types()
        self.define_globals()
        self.define_helpers()
        self.define_struct_functions()
        token, leaves = self.stream_type()
        count = self.rng.choice(["ap_uint<8>", "int", "unsigned char", "short", "ap_int<12>"])
        parameters = [f"hls::stream<{token}>& in", "hls::stream<ap_uint<64>>& out", f"{count} count"]
        places = []
        if self.rng.random() < 0.4:
            gain = self.scalar(narrow=True)
            parameters.append(f"{gain.name} gain")
            places.append(Place("gain", gain, writable=False))
        outputs = self.scalar() if self.has("outputs", 0.6) else None
        if isinstance(outputs, Ap) and outputs.width > REGISTER_BITS:
            outputs = Ap(REGISTER_BITS, outputs.signed)
        if outputs:
            parameters.append(f"{outputs.name}& last")
        dataflow = self.has("dataflow")
        masters = Masters()
        if "masters" in self.features:
            self.root.add(f"typedef {count} {self.name}_count;", fixed=True)
            masters = add_masters(self.root, self.name, self.beside, dataflow)
            parameters += masters.parameters
        if dataflow:
            self.features -= {"returned"}  # a dataflow function returns nothing
            self._dataflow(parameters, token, leaves, count, places, outputs, masters)
        else:
            self._process(parameters, token, leaves, places, outputs, masters)
        return Program(self.name, self.seed, self.root, self.features)

    def _process(
        self,
        parameters: list[str],
        token: str,
        leaves: list[Variable],
        places: list[Place],
        outputs: Scalar | None,
        masters: Masters,
    ) -> None:
        """A top that is one process."""
        result = self._result() if "returned" in self.features else None
        word = result.name if result else "void"
        node = self.root.add(f"{word} {self.name}({', '.join(parameters)}) {{", tail="}", fixed=True)
        for line in [*masters.pragmas, *masters.calls]:
            node.add(line)
        body = self.body(node, places)
        body.rounds(token, leaves, "in", "ap_uint<64>", "out")
        if outputs:
            node.add(f"last = {body.value(outputs)};")
        if result:
            body.make.rng = self.beside
            node.add(f"return {body.value(result)};", simpler=(f"return {_one(result)};",))

    def _result(self) -> Scalar:
        """The type of what the top returns."""
        if self.beside.random() < 0.5 and "ap" in self.features:
            return Ap(self.beside.choice([1, 7, 24, 33, 64]), self.beside.random() < 0.5)
        return self.beside.choice(self.types)

    def _dataflow(
        self,
        parameters: list[str],
        token: str,
        leaves: list[Variable],
        count: str,
        places: list[Place],
        outputs: Scalar | None,
        masters: Masters,
    ) -> None:
        """Two or three processes in a row; blocks, or processes with AXI masters, may go along."""
        rng = self.rng
        stages = rng.randint(2, 3)
        kinds = [(token, leaves), *(self.stream_type() for _ in range(stages - 1))]
        calls, declarations = [], []
        for stage in range(stages):
            last = stage == stages - 1
            read, write = kinds[stage], ("ap_uint<64>", []) if last else kinds[stage + 1]
            source, sink = "in" if stage == 0 else f"c{stage}", "out" if last else f"c{stage + 1}"
            if not last:
                declarations.append((sink, write[0]))
            name = f"{self.name}_p{stage}"
            gain = "".join(f", {p.type.name} {p.text}" for p in places)
            text = f"static void {name}(hls::stream<{read[0]}>& source, hls::stream<{write[0]}>& sink, "
            text += f"{count} count{gain}"
            final = last and outputs is not None
            text += f", {outputs.name}& last) {{" if final and outputs else ") {"
            node = self.root.add(text, tail="}")
            body = self.body(node, places)
            body.in_order = True
            body.rounds(read[0], read[1], "source", write[0], "sink", token_leaves=write[1])
            if final and outputs:
                node.add(f"last = {body.value(outputs)};")
            arguments = [source, sink, "count", *(p.text for p in places), *(["last"] if final else [])]
            calls.append(f"{name}({', '.join(arguments)});")
        block = self._blocks(count) if self.has("blocks") else None
        if block:
            parameters += block.parameters
        top = self.root.add(f"void {self.name}({', '.join(parameters)}) {{", tail="}", fixed=True)
        top.add(pragma(rng, "DATAFLOW"), fixed=True)
        for name, kind in declarations:
            top.add(f"hls::stream<{kind}> {name};", fixed=True)
            if rng.random() < 0.6:
                depth = rng.choice(["2", "3", "4", "16", f"{self.name}_two * 2", f"{self.name}_two"])
                top.add(pragma(rng, "STREAM", f"variable={name}", f"depth={depth}"))
        if block:
            for line in block.declarations:
                top.add(line, fixed=True)
            calls += block.calls
        for line in [*masters.pragmas, *masters.channels]:
            top.add(line, fixed=True)
        for call in [*calls, *masters.calls]:
            top.add(call, fixed=True)

    def _blocks(self, count: str) -> _Blocks:
        """A process that fills blocks from a stream of its own, and one that reads them in another order."""
        rng = self.rng
        kind = self.scalar(narrow=True)
        if isinstance(kind, Enum):
            kind = self.types[0]
        rows, columns = rng.choice([2, 3, 4]), rng.choice([2, 4, 5])
        tile, n = f"{self.name}_tile", self.name
        self.root.add(f"typedef {kind.name} {tile}[{rows}][{columns}];", fixed=True)
        fill = self.root.add(
            f"static void {n}_fill({count} count, hls::stream_of_blocks<{tile}>& blocks) {{", tail="}"
        )
        pipelined = pragma(rng, "PIPELINE", f"II={rng.choice([1, 1, 2, 3])}")
        outer = fill.add("for (int t = 0; t < count; t++) {", tail="}")
        outer.add(f"hls::write_lock<{tile}> w(blocks);", fixed=True)
        loop = outer.add(f"for (int i = 0; i < {rows}; i++) {{", tail="}").add(
            f"for (int j = 0; j < {columns}; j++) {{", tail="}"
        )
        loop.add(pipelined)
        loop.add(f"w[i][j] = ({kind.name})(t * {rng.randrange(1, 50)} + i * {rng.randrange(1, 9)} + j * 3);")
        drain = self.root.add(
            f"static void {n}_drain(hls::stream_of_blocks<{tile}>& blocks, hls::stream<{kind.name}>& side, "
            f"{count} count) {{",
            tail="}",
        )
        outer = drain.add("for (int t = 0; t < count; t++) {", tail="}")
        outer.add(f"hls::read_lock<{tile}> r(blocks);", fixed=True)
        loop = outer.add(f"for (int j = 0; j < {columns}; j++) {{", tail="}").add(
            f"for (int i = 0; i < {rows}; i++) {{", tail="}"
        )
        loop.add(pragma(rng, "PIPELINE", f"II={rng.choice([1, 1, 2])}"))
        loop.add("side.write(r[i][j]);")
        declarations = [f"hls::stream_of_blocks<{tile}> blocks;"]
        if self.has("partitions", 0.4):
            dim = rng.choice([0, 1, 2])
            declarations.append(pragma(rng, "ARRAY_PARTITION", "variable=blocks", "complete", f"dim={dim}"))
        return _Blocks(
            [f"hls::stream<{kind.name}>& side"],
            declarations,
            [f"{n}_fill(count, blocks);", f"{n}_drain(blocks, side, count);"],
        )


@dataclass(frozen=True)
class StructFunction:
    """A function of a struct by value, or by reference, or one that returns it."""

    name: str
    struct: Struct
    scalar: Scalar
    reference: bool
    returns: bool


@dataclass(frozen=True)
class _Blocks:
    parameters: list[str]
    declarations: list[str]
    calls: list[str]


def _one(kind: Scalar) -> str:
    return (
        f"static_cast<{kind.name}>(1)"
        if isinstance(kind, Enum)
        else f"{kind.name}(1)"
        if isinstance(kind, Ap)
        else "1"
    )


__all__ = ["EXTRAS", "FEATURES", "ROUNDS", "SUPPLY", "Builtin", "Program", "program"]
