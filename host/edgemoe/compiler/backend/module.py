# SPDX-License-Identifier: Apache-2.0
"""A fixed-latency module: a pure function as a pipeline without valid bits, stalls or reset.

Argument k is read ``samples[k]`` cycles after the start of a call: as late as its first use, so that the caller,
not the module, decides how early it must be there. A call may start every cycle.
"""

from __future__ import annotations

from edgemoe.compiler.backend.cascades import BY_PORT_C, BY_WIRE, adjacent, below
from edgemoe.compiler.backend.expressions import expression, in_fabric
from edgemoe.compiler.backend.memories import Memories
from edgemoe.compiler.backend.naming import Naming
from edgemoe.compiler.backend.plan import ModuleTiming, Planner, RegionPlan
from edgemoe.compiler.backend.process import Emitted
from edgemoe.compiler.backend.slices import Slices
from edgemoe.compiler.backend.text import Names, commented_list, indent, remark, safe, source, span
from edgemoe.compiler.backend.values import Values, delay_chain
from edgemoe.compiler.delays import ZYNQ7
from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.ir import Function, ModuleArg, Op, Opcode, Return
from edgemoe.compiler.operators import OperatorTable, is_multiplier
from edgemoe.compiler.schedule import Edge, EdgeKind, Infeasible, Node, Problem, solve


def emit_module(
    function: Function, table: OperatorTable, period: int, modules: dict[str, ModuleTiming]
) -> Emitted:
    """Schedules and writes the pure function ``function``."""
    module = _Module(function, table, period, modules)
    module.body()  # which tells how many stages each value has
    module.begin({**module.values.shifts, **module.values.argument_shifts})
    return module.emit()


class _Module:
    def __init__(
        self, function: Function, table: OperatorTable, period: int, modules: dict[str, ModuleTiming]
    ) -> None:
        self.function, self.modules = function, modules
        self.planner = Planner(function, table, period, modules)
        (self.region,) = function.regions
        terminator = self.region.terminator
        assert isinstance(terminator, Return) and terminator.value is not None
        self.result = terminator.value
        self.arguments = [arg for arg in function.args if isinstance(arg, ModuleArg)]
        for op in self.region.ops:
            if op.memory and (not function.memories[op.memory].constant or len(op.banks) > 1):
                message = (
                    f"module {function.name} keeps state in memory {op.memory}; a module is a pure function"
                )
                raise CompileError(op.loc.file, op.loc.line, message)
        self.plan, self.delay = self._schedule(period)
        self.begin({})

    def begin(self, lengths: dict[int, int]) -> None:
        """Everything but the schedule anew; ``lengths`` are the stages of values and arguments, as far as known."""
        function = self.function
        self.names = Names()
        self.names.take("y")
        self.values = Values(self.names, samples=self.samples, lengths=lengths)
        for number, arg in enumerate(self.arguments):
            self.values.arguments[id(arg)] = self.names.take(f"a{number}")
        self.memories = Memories(self.names, function.memories)
        self.values.add_region(self.plan, Naming(function))
        at, plan = self.values.at, self.plan
        self.slices = Slices(plan, self.names, lambda value, cycle: at(value, plan, cycle))

    def _schedule(self, period: int) -> tuple[RegionPlan, int]:
        ops, arguments = self.region.ops, self.arguments
        index = {op.id: k for k, op in enumerate(ops)}
        argument_index = {id(arg): len(ops) + k for k, arg in enumerate(arguments)}
        nodes = []
        for op in ops:
            timing = self.planner.timing(op)
            label = op.name or op.opcode.value
            nodes.append(Node(label, timing.delay, timing.latency, op.width, source(op.loc)))
        nodes += [Node(arg.name, 0, 0, arg.width, source(arg.loc)) for arg in arguments]
        edges = []
        pairs = below(ops)
        for op in ops:
            for number, value in enumerate(op.inputs()):
                src = index.get(value.id) if isinstance(value, Op) else argument_index.get(id(value))
                if src is None:
                    continue
                if op.opcode is Opcode.CALL:
                    samples = self.modules[op.callee].samples
                    edges.append(Edge(src, index[op.id], EdgeKind.SAMPLE, samples[number]))
                elif op.opcode is Opcode.MUL_ADD and number == 2:
                    after = BY_WIRE if op.id in pairs else BY_PORT_C
                    edges.append(Edge(src, index[op.id], EdgeKind.DATA, after))
                else:
                    edges.append(Edge(src, index[op.id]))
        try:
            schedule = solve(Problem(nodes, edges), period, 1)
        except Infeasible as error:
            raise CompileError(self.region.loc.file, self.region.loc.line, error.reason) from error
        ends = [schedule.cycle(k) + node.latency for k, node in enumerate(nodes)]
        full = [n.delay if n.latency else schedule.offset(k) + n.delay for k, n in enumerate(nodes)]
        self.samples = {id(arg): schedule.cycle(argument_index[id(arg)]) for arg in arguments}
        self.latency, delay = 0, 0
        if isinstance(self.result, Op):
            node = index[self.result.id]
            self.latency, delay = ends[node], full[node]
        elif isinstance(self.result, ModuleArg):
            self.latency = self.samples[id(self.result)]
        cycles = {op.id: schedule.cycle(index[op.id]) for op in ops}
        plan = RegionPlan(
            self.region,
            True,
            1,
            max(ends, default=0) + 1,
            max([self.planner.slowest, *full]),
            "",
            cycles,
            {op.id: nodes[index[op.id]].latency for op in ops},
            cascades=adjacent(pairs, cycles),
            series7=self.planner.table.fabric is ZYNQ7,
        )
        return plan, delay

    def body(self) -> tuple[list[str], list[str], str]:
        """Logic, clocked statements, and the signal that holds the result."""
        body: list[str] = []
        clocked: list[str] = []
        order = {op.id: k for k, op in enumerate(self.region.ops)}
        for op in sorted(self.region.ops, key=lambda op: (self.plan.born(op), order[op.id])):
            self._operation(op, body, clocked)
        return body, clocked, self.values.at(self.result, self.plan, self.latency)

    def emit(self) -> Emitted:
        """The whole text."""
        body, clocked, result = self.body()
        shifts = self._shifts(clocked)
        lines = [*self.memories.declarations(), *shifts, *body, f"assign y = {result};"]
        if clocked:
            lines += ["always_ff @(posedge clk) begin", *indent(clocked), "end"]
        else:
            lines += ["logic unused;", "assign unused = clk;"]
        samples = tuple(self.samples[id(arg)] for arg in self.arguments)
        multipliers = sum(is_multiplier(op) for op in self.region.ops) + sum(
            self.modules[op.callee].multipliers for op in self.region.ops if op.opcode is Opcode.CALL
        )
        slices = sum(op.opcode is Opcode.MUL_ADD for op in self.region.ops) + sum(
            self.modules[op.callee].slices for op in self.region.ops if op.opcode is Opcode.CALL
        )
        timing = ModuleTiming(
            safe(self.function.name), self.latency, self.delay, samples, multipliers, slices
        )
        text = "\n".join([*self._head(samples), *indent(lines), "endmodule", ""])
        return Emitted(self.function.name, text, [self.plan], self._register_bits(), timing)

    def _head(self, samples: tuple[int, ...]) -> list[str]:
        ports = ["input  logic clk"]
        for arg, sample in zip(self.arguments, samples, strict=True):
            name = self.values.arguments[id(arg)]
            ports.append(f"input  logic {span(arg.width)}{name}  // {arg.name}, read in cycle {sample}")
        ports.append(f"output logic {span(self.function.result_width)}y")
        found = remark(self.function.loc).replace("  // ", ", ")
        title = f"// module {self.function.name}{found}: latency {self.latency}, a call every cycle, no reset"
        return [title, f"module {safe(self.function.name)} (", *indent(commented_list(ports), 2), ");"]

    def _operation(self, op: Op, body: list[str], clocked: list[str]) -> None:
        cycle, latency = self.plan.cycle(op), self.plan.latency(op)
        name, note = self.values.name(op), remark(op.loc, f"cycle {cycle}")
        declare = f"{span(op.width)}{name}"
        if op.opcode is Opcode.LOAD:
            (bank,) = op.banks
            address = self.memories.address(op.memory, self._at(op, 0, cycle), op.operands[0].width)
            body.append(f"logic {declare};{note}")
            clocked.append(f"{name} <= {self.memories.bank(op.memory, bank)}[{address}];")
        elif op.opcode is Opcode.CALL:
            module = self.modules[op.callee]
            ports = [f".a{k}({self._at(op, k, cycle + s)})" for k, s in enumerate(module.samples)]
            body.append(f"wire {declare};{note}")
            body.append(f"{module.name} u_{name} ({', '.join(['.clk(clk)', *ports, f'.y({name})'])});")
        elif op.opcode is Opcode.MUL_ADD:
            body.append(f"wire {declare};{note}")
            body += self.slices.lines(op, name)
        elif latency == 0:
            body.append(f"{in_fabric(op)}wire {declare} = {expression(op, self._operands(op, cycle))};{note}")
        else:
            stages = [f"{name}_s{k}" for k in range(1, latency - 1)] + [name]
            body.append(f"{in_fabric(op)}logic {span(op.width)}{', '.join(stages)};{note}")
            value = expression(op, self._operands(op, cycle + 1))
            clocked += [f"{to} <= {frm};" for frm, to in zip([value, *stages], stages, strict=False)]

    def _at(self, op: Op, number: int, cycle: int) -> str:
        return self.values.at(op.operands[number], self.plan, cycle)

    def _operands(self, op: Op, cycle: int) -> list[str]:
        return [self.values.at(value, self.plan, cycle) for value in op.operands]

    def _shifts(self, clocked: list[str]) -> list[str]:
        """Declares the shift registers behind arguments and operations and appends their statements."""
        chains = []
        for arg in self.arguments:
            stages = self.values.argument_shifts.get(id(arg), 0)
            chains.append((self.values.arguments[id(arg)], stages, arg.width))
        for op in self.region.ops:
            chains.append((self.values.name(op), self.values.shifts.get(op.id, 0), op.width))
        lines = []
        for name, stages, width in chains:
            if stages:
                declaration, moves = delay_chain(name, width, [""] * stages)
                lines.append(declaration)
                clocked += moves
        return lines

    def _register_bits(self) -> int:
        arguments = sum(self.values.argument_shifts.get(id(a), 0) * a.width for a in self.arguments)
        stages = sum(op.width * max(0, self.plan.latency(op) - 1) for op in self.region.ops)
        return self.values.register_bits() + arguments + stages
