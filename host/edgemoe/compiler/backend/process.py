# SPDX-License-Identifier: Apache-2.0
"""A process: start and done, regions that hand control to each other, memories and streams.

| port | meaning |
|---|---|
| ``start``, ``done`` | pulses of one cycle |
| ``<scalar>`` | input, stable while the process runs |
| ``<scalar>``, ``<scalar>_vld`` | output scalar and its write strobe |
| ``<stream>_dout``, ``_empty_n``, ``_read`` | input stream |
| ``<stream>_din``, ``_full_n``, ``_write`` | output stream |
"""

from __future__ import annotations

from dataclasses import dataclass, field

from edgemoe.compiler.backend.blocks import PORT_SUFFIXES, Blocks, block_ports
from edgemoe.compiler.backend.memories import Memories
from edgemoe.compiler.backend.naming import Naming
from edgemoe.compiler.backend.plan import ModuleTiming, Planner, RegionPlan
from edgemoe.compiler.backend.region import RegionEmitter
from edgemoe.compiler.backend.schedules import plan_all
from edgemoe.compiler.backend.shared import Shared
from edgemoe.compiler.backend.streams import Streams, port_name
from edgemoe.compiler.backend.text import Names, any_of, commented_list, indent, remark, safe, span
from edgemoe.compiler.backend.values import Values
from edgemoe.compiler.ir import AxiArg, BlockArg, Direction, Function, Place, ScalarArg, Storage, StreamArg
from edgemoe.compiler.operators import OperatorTable

_AXI_INPUTS = ("r", "b")
_REGION_SUFFIXES = ("_go", "_v", "_move", "_run", "_active", "_issue", "_done", "_wait", "_head", "_leave")
_OUTPUT_SUFFIXES = (
    *("_din", "_full_n", "_write", "_DEPTH", "_SLOTS", "_C"),
    *("_credits", "_take", "_unused", "_put", "_data", "_buffer"),
)


@dataclass
class Emitted:
    """The text of one SystemVerilog module and what it is made of."""

    name: str
    text: str
    plans: list[RegionPlan] = field(default_factory=list)
    register_bits: int = 0
    timing: ModuleTiming | None = None  #: a fixed-latency module's


def emit_process(
    function: Function, table: OperatorTable, period: int, modules: dict[str, ModuleTiming]
) -> Emitted:
    """Schedules and writes ``function`` for a clock of ``period`` picoseconds."""
    plans = plan_all(Planner(function, table, period, modules))
    # The first time tells how many stages each value has.
    first = _Process(function, plans, modules, {})
    first.regions()
    return _Process(function, plans, modules, first.values.shifts).emit()


class _Process:
    def __init__(
        self,
        function: Function,
        plans: list[RegionPlan],
        modules: dict[str, ModuleTiming],
        lengths: dict[int, int],
    ) -> None:
        self.function, self.plans = function, plans
        self.names = Names()
        self.streams = Streams()
        self.blocks = Blocks()
        self.values = Values(self.names, lengths=lengths)
        self.scalar_ports: list[str] = []
        self._add_arguments()
        self.names.take("cycle_counter")
        memories = Memories(self.names, function.memories)
        self.shared = Shared(self.names, self.values, memories, self.streams, self.blocks, modules)
        naming = Naming(function)
        for plan in self.plans:
            region = plan.region
            self.shared.region_names[region.name] = self.names.fresh(naming.region(region), _REGION_SUFFIXES)
            self.shared.plans[region.name] = plan
        for plan in self.plans:
            self.values.add_region(plan, naming)

    def _add_arguments(self) -> None:
        for arg in self.function.args:
            if isinstance(arg, ScalarArg):
                name = self.names.take(safe(arg.name), ("_vld",))
                self.values.arguments[id(arg)] = name
                if arg.direction is Direction.READ:
                    self.scalar_ports.append(f"input  logic {span(arg.width)}{name}")
                else:
                    self.scalar_ports += [f"output logic {span(arg.width)}{name}", f"output logic {name}_vld"]
            elif isinstance(arg, StreamArg):
                self._add_stream(arg.name, arg.width, arg.direction is Direction.READ)
            elif isinstance(arg, AxiArg):
                for channel, width in arg.channels.items():
                    self._add_stream(f"{arg.name}.{channel}", width, channel in _AXI_INPUTS)
            elif isinstance(arg, BlockArg):
                self.names.take(safe(arg.name), PORT_SUFFIXES)
                self.blocks.add(arg)

    def _add_stream(self, channel: str, width: int, is_input: bool) -> None:
        if is_input:
            self.names.take(port_name(channel), ("_dout", "_empty_n", "_read"))
            self.streams.add_input(channel, width)
        else:
            self.names.take(port_name(channel), _OUTPUT_SUFFIXES)
            self.streams.add_output(channel, width)

    def regions(self) -> list[RegionEmitter]:
        """The logic of all regions, collected."""
        emitters = [RegionEmitter(self.shared, plan) for plan in self.plans]
        for emitter in emitters:
            emitter.emit()
        return emitters

    def emit(self) -> Emitted:
        """The whole text."""
        emitters = self.regions()
        regions = [line for emitter in emitters for line in emitter.text()]
        sections = [
            *self.streams.declarations(),
            *self.shared.memories.declarations(),
            *self._declarations(),
            *regions,
            *self._phis(),
            *self.shared.memories.logic(),
            *self._sequence(),
            *self._outputs(),
            *self.blocks.logic(),
            *self.streams.logic(),
        ]
        text = "\n".join([*self._head(), *indent(sections), "endmodule", ""])
        return Emitted(self.function.name, text, self.plans, self._register_bits())

    def _head(self) -> list[str]:
        ports = ["input  logic clk", "input  logic rst", "input  logic start", "output logic done"]
        ports += [*self.scalar_ports, *self.streams.ports()]
        ports += [port for arg in self.blocks.args.values() for port in block_ports(arg)]
        parameters = self.streams.parameters()
        head = [f"// process {self.function.name}{remark(self.function.loc).replace('  // ', ', ')}"]
        if parameters:
            head += [f"module {safe(self.function.name)} #("]
            head += [*indent(commented_list(parameters), 2), ") ("]
        else:
            head.append(f"module {safe(self.function.name)} (")
        return [*head, *indent(commented_list(ports), 2), ");"]

    def _declarations(self) -> list[str]:
        """Signals that regions hand to each other: declared before any region's logic."""
        values = self.values
        lines = ["", "// control", *self.shared.signals]
        if self.shared.counts_cycles:
            lines += ["", "logic [31:0] cycle_counter;  // free-running since reset"]
            lines.append("always_ff @(posedge clk) cycle_counter <= rst ? '0 : cycle_counter + 1'b1;")
        phis = [phi for plan in self.plans for phi in plan.region.phis]
        if phis:
            lines += ["", "// variables that control flow carries"]
            lines += [f"logic {span(phi.width)}{values.name(phi)};{remark(phi.loc)}" for phi in phis]
        if values.kept:
            lines += ["", "// values kept for later cycles and regions"]
            for key in sorted(values.kept):
                value = values.owner[key]
                lines.append(f"logic {span(value.width)}{values.name(value)}_r;{remark(value.loc)}")
        return lines

    def _phis(self) -> list[str]:
        lines: list[str] = []
        for plan in self.plans:
            for phi in plan.region.phis:
                for number, (when, value) in enumerate(self.shared.phi_writes.get(phi.id, [])):
                    word = "if" if number == 0 else "else if"
                    lines.append(f"  {word} ({when}) {self.values.name(phi)} <= {value};")
        return ["", "// ---- variables", "always_ff @(posedge clk) begin", *lines, "end"] if lines else []

    def _sequence(self) -> list[str]:
        lines = ["", "// ---- sequence"]
        first = self.function.regions[0].name
        for region in self.function.regions:
            entries = [
                *(["start"] if region.name == first else []),
                *self.shared.entries.get(region.name, []),
            ]
            lines.append(f"assign {self.shared.region_names[region.name]}_go = {any_of(entries)};")
        lines.append(f"assign done = {any_of(self.shared.returns)};")
        return lines

    def _outputs(self) -> list[str]:
        lines: list[str] = []
        for arg in self.function.args:
            if not isinstance(arg, ScalarArg) or arg.direction is Direction.READ:
                continue
            name = self.values.arguments[id(arg)]
            writes = self.shared.outputs.get(arg.name, [])
            lines += ["", f"assign {name}_vld = {any_of(when for when, _ in writes)};"]
            lines += ["always_comb begin", f"  {name} = {writes[-1][1] if writes else chr(39) + '0'};"]
            lines += [f"  if ({when}) {name} = {value};" for when, value in writes[:-1]]
            lines.append("end")
        return lines

    def _register_bits(self) -> int:
        bits = self.values.register_bits()
        for plan in self.plans:
            bits += sum(phi.width for phi in plan.region.phis) + plan.depth
            bits += sum(
                op.width * max(0, plan.latencies.get(op.id, 0) - 1)
                for op in plan.region.ops
                if op.opcode.value in ("mul", "udiv", "sdiv", "urem", "srem")
            )
        for memory in self.function.memories.values():
            if memory.storage is Storage.REGISTERS and memory.place is Place.LOCAL:
                bits += memory.banks * memory.width
        return bits
