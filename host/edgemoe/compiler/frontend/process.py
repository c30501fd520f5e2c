# SPDX-License-Identifier: Apache-2.0
"""Builds the IR function of a process or of a fixed-latency module from its LLVM function."""

from __future__ import annotations

from edgemoe.compiler.emitter import Emitter
from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.cfg import Graph, Loop, latches, natural_loops
from edgemoe.compiler.frontend.ifconvert import Predicates
from edgemoe.compiler.frontend.instructions import Instructions, ModuleLeaves
from edgemoe.compiler.frontend.intrinsics import intrinsic
from edgemoe.compiler.frontend.loops import refuse_left_over
from edgemoe.compiler.frontend.markers import Fact
from edgemoe.compiler.frontend.names import Names
from edgemoe.compiler.frontend.parse import Function as LlvmFunction
from edgemoe.compiler.frontend.parse import Inst, Module, bits
from edgemoe.compiler.frontend.pipelined import pipelined_loops
from edgemoe.compiler.ir import (
    Block,
    Branch,
    Edge,
    Function,
    Jump,
    Loc,
    Note,
    Opcode,
    Phi,
    Pipeline,
    Region,
    Return,
    Value,
)


class ProcessBuilder(Instructions):
    """One LLVM function on its way to IR."""

    def __init__(
        self,
        module: Module,
        source: LlvmFunction,
        facts: list[Fact],
        name: str,
        modules: dict[str, ModuleLeaves],
    ) -> None:
        super().__init__(module, source, facts, name, modules)
        self._names = Names()
        self._heads: dict[str, str] = {}  # LLVM block -> region name
        self._phis: dict[str, list[Inst]] = {}  # region name -> phi instructions
        self._fixups: list[tuple[Edge, str, str]] = []  # edge, from LLVM block, to LLVM block

    # ---- whole function ------------------------------------------------------------------------------------

    def build(self) -> Function:
        """The IR function."""
        successors = {name: self._successors(block) for name, block in self.source.blocks.items()}
        graph = Graph(next(iter(self.source.blocks)), successors)
        loops = natural_loops(graph)
        refuse_left_over([self.source.blocks[k][-1] for k in latches(graph, loops)], self.module.debug)
        if self.module_body and not loops and self._results() == 1:
            self._whole(graph, next(iter(self.source.blocks)))
            self.function.args = [self.leaf_args[k] for k in sorted(self.leaf_args)]
            return self.function
        pipelines = pipelined_loops(self.module, self.source, graph, loops, self.function.loc)
        owner = {block: header for header, (loop, _) in pipelines.items() for block in loop.blocks}
        for name in graph.order:
            if name in pipelines:
                self._heads[name] = self._names.numbered("loop", self.module.loc(pipelines[name][1]).line)
            elif name not in owner:
                self._heads[name] = self._names.numbered(
                    "block", self._block_loc(self.source.blocks[name]).line
                )
        for name in graph.order:
            if name in pipelines:
                loop, mark = pipelines[name]
                self._pipeline(graph, loop, mark)
            elif name not in owner:
                self._block(name)
        for edge, source, target in self._fixups:
            edge.values = [self._incoming(phi, source) for phi in self._phis[edge.target]]
            assert self._heads[target] == edge.target
        self._find_idle_loops()
        self.function.args = self.arguments.args()
        if self.leaf_args:
            self.function.args = [self.leaf_args[k] for k in sorted(self.leaf_args)]
        for region in self.function.regions:
            if isinstance(region, Pipeline):
                region.promises = self.accesses.dependences(region)
        return self.function

    def _results(self) -> int:
        """How many places give a module's result."""
        calls = [i for block in self.source.blocks.values() for i in block if i.opcode == "call"]
        meanings = [intrinsic(call.callee.removesuffix(".v")) for call in calls]
        return sum(meaning is not None and meaning.kind == "ret" for meaning in meanings)

    def _find_idle_loops(self) -> None:
        """A loop that never ends and does nothing: the run never ends either."""
        for region in self.function.regions:
            end = region.terminator
            if isinstance(end, Jump) and end.edge.target == region.name and not region.ops:
                self.notes[
                    Note(
                        region.loc,
                        "this loop never ends and does nothing, so no run of it ends.",
                        warning=True,
                    )
                ] = None

    def _successors(self, block: list[Inst]) -> list[str]:
        last = block[-1] if block else None
        return list(dict.fromkeys(last.targets)) if last is not None and last.opcode == "br" else []

    def _block_loc(self, block: list[Inst]) -> Loc:
        locs = [loc for inst in block if (loc := self.module.loc(inst)).line]
        return locs[0] if locs else self.function.loc

    # ---- regions -------------------------------------------------------------------------------------------

    def _phi_head(self, region: Region, block: list[Inst]) -> None:
        insts = [inst for inst in block if inst.opcode == "phi" and inst.width]
        self._phis[region.name] = insts
        for inst in insts:
            phi = Phi(next(self.ids), inst.width, self.variable(inst), self.module.loc(inst))
            region.phis.append(phi)
            self.values[inst.result] = phi

    def _block(self, name: str) -> None:
        insts = self.source.blocks[name]
        region = Block(self._heads[name], loc=self._block_loc(insts))
        self.function.regions.append(region)
        self._phi_head(region, insts)
        emit = Emitter(self.ids, region.ops)
        if len(self.function.regions) == 1:
            self._extend_scalars(emit)
        for inst in insts:
            if inst.opcode not in ("phi", "br", "ret", "unreachable"):
                self.lower(inst, emit, None)
        last = insts[-1]
        if last.opcode == "ret":
            self._output_result(last, emit)
        if last.opcode == "unreachable":
            loc = next((at for i in reversed(insts) if (at := self.module.loc(i)).line), region.loc)
            raise CompileError(
                loc.file,
                loc.line,
                "from here on the program's behaviour is not defined: a loop never ends and does nothing, a division "
                "by zero, an access outside an array or through a null pointer, or a missing return.",
            )
        if last.opcode != "br":
            region.terminator = Return(self.result)
        elif len(set(last.targets)) == 1:
            region.terminator = Jump(self._edge(name, last.targets[0]))
        else:
            condition = self.value(last.operands[0], 1, last)
            taken, otherwise = (self._edge(name, target) for target in last.targets)
            region.terminator = Branch(condition, taken, otherwise)

    def _output_result(self, inst: Inst, emit: Emitter) -> None:
        """What the top returns is written to its output scalar."""
        scalar = self.arguments.returned
        if scalar is not None:
            emit.loc = self.module.loc(inst)
            value = emit.resize(self.value(inst.operands[0], inst.widths[0], inst), scalar.width)
            emit.effect(Opcode.OUTPUT, 0, [value], channel=scalar.name)

    def _extend_scalars(self, emit: Emitter) -> None:
        """Scalars arrive in their C++ width; LLVM's code sees them in the width of a register."""
        for type_, token in ((p.type, p.name) for p in self.source.params):
            scalar = self.arguments.scalars.get(token)
            if scalar is not None:
                self.values[token] = emit.resize(scalar, bits(type_), scalar.signed)

    def _edge(self, source: str, target: str) -> Edge:
        edge = Edge(self._heads[target])
        self._fixups.append((edge, source, target))
        return edge

    def _incoming(self, phi: Inst, source: str) -> Value:
        return self.value(phi.operands[phi.targets.index(source)], phi.width, phi)

    def _pipeline(self, graph: Graph, loop: Loop, mark: Inst) -> None:
        header = loop.header
        region = Pipeline(self._heads[header], loc=self.module.loc(mark), ii=int(mark.operands[1]))
        self.function.regions.append(region)
        self._phi_head(region, self.source.blocks[header])
        number = int(mark.operands[0])
        self.accesses.loop_of[region.name] = number
        for fact in self.facts:
            fact.used |= bool(number) and fact.loop == number
        region.label = next(
            (fact.label for fact in self.facts if number and fact.loop == number and fact.label), ""
        )
        emit = Emitter(self.ids, region.ops)
        predicates = self._convert(header, loop.blocks, graph, emit)
        self._close(region, graph, loop, predicates, emit)

    def _whole(self, graph: Graph, header: str) -> None:
        """A function without loops as one block, whose choices are selects."""
        region = Block(self._names.numbered("block", self._block_loc(self.source.blocks[header]).line))
        region.loc = self._block_loc(self.source.blocks[header])
        self.function.regions.append(region)
        self._convert(header, set(graph.order), graph, Emitter(self.ids, region.ops))
        region.terminator = Return(self.result)

    def _convert(self, header: str, blocks: set[str], graph: Graph, emit: Emitter) -> Predicates:
        """Lowers blocks without control: what has an effect gets a predicate, phis become selects."""

        def condition(source: str, target: str) -> Value | None:
            last = self.source.blocks[source][-1]
            if len(set(last.targets)) == 1:
                return None
            value = self.value(last.operands[0], 1, last)
            return value if last.targets[0] == target else emit.invert(value)

        predicates = Predicates(header, blocks, graph.successors, condition, emit)
        for name in predicates.order:
            for inst in self.source.blocks[name]:
                if inst.opcode == "phi":
                    if name != header and inst.width:
                        pairs = [
                            (source, self.value(token, inst.width, inst))
                            for token, source in zip(inst.operands, inst.targets, strict=True)
                        ]
                        emit.loc = self.module.loc(inst)
                        before = len(emit.ops)
                        value = predicates.join(name, pairs)
                        self.call_it(value, inst, emit, before)
                        self.values[inst.result] = value
                elif inst.opcode not in ("br", "ret", "unreachable"):
                    effect = inst.opcode == "store" or inst.opcode == "call"
                    self.lower(inst, emit, predicates.of(name) if effect else None)
        return predicates

    def _close(
        self, region: Pipeline, graph: Graph, loop: Loop, predicates: Predicates, emit: Emitter
    ) -> None:
        """The terminator: back edge while the loop goes on, then the exit or a choice among the exits."""
        header = loop.header
        backs = [p for p in predicates.order if header in graph.successors[p]]
        exits = [(p, s) for p in predicates.order for s in graph.successors[p] if s not in loop.blocks]
        back = Edge(region.name)
        edges = [(predicates.edge(p, header), p) for p in backs]
        for phi in self._phis[region.name]:
            back.values.append(predicates.choose([(e, self._incoming(phi, p)) for e, p in edges]))
        going_on: Value | None = edges[0][0]
        for predicate, _ in edges[1:]:
            going_on = emit.either(going_on, predicate)
        if not exits or going_on is None:
            region.terminator = Jump(back)
            return
        targets = list(dict.fromkeys(self._heads[target] for _, target in exits))
        cases = {
            name: [(predicates.edge(p, s), p) for p, s in exits if self._heads[s] == name] for name in targets
        }
        values = {
            name: [
                predicates.choose([(e, self._incoming(phi, p)) for e, p in cases[name]])
                for phi in self._target_phis(name)
            ]
            for name in targets
        }
        whole = {name: self._any([e for e, _ in cases[name]], emit) for name in targets}
        out = Edge(targets[0], values[targets[0]])
        for name in targets[1:]:
            # Later exits are tried in blocks behind the loop, the last of which falls through to the first target.
            choice = Block(self._names.fresh(f"{region.name}_exit"), loc=region.loc)
            predicate = whole[name]
            choice.terminator = (
                Branch(predicate, Edge(name, values[name]), out) if predicate is not None else Jump(out)
            )
            self.function.regions.append(choice)
            out = Edge(choice.name)
        region.terminator = Branch(going_on, back, out)

    def _target_phis(self, region_name: str) -> list[Inst]:
        block = next(block for block, name in self._heads.items() if name == region_name)
        return [inst for inst in self.source.blocks[block] if inst.opcode == "phi" and inst.width]

    @staticmethod
    def _any(predicates: list[Value | None], emit: Emitter) -> Value | None:
        result = predicates[0]
        for predicate in predicates[1:]:
            result = emit.either(result, predicate)
        return result
