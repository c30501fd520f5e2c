# SPDX-License-Identifier: Apache-2.0
"""One region as logic: valid bits, operations, and the hand-over to the next region.

A pipeline issues an iteration when every input it reads is there and every output has credits for all writes that
the iteration may make. After that nothing stops it: data registers run free and a shift register of valid bits
enables what has effects. A block has one token in its shift register, which waits for FIFOs where it stands.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from edgemoe.compiler.backend.blocks import Blocks
from edgemoe.compiler.backend.expressions import cast, expression
from edgemoe.compiler.backend.memories import (
    Access,
    Memories,
    enabled_bank,
    select_bits,
    select_case,
)
from edgemoe.compiler.backend.plan import ModuleTiming, RegionPlan
from edgemoe.compiler.backend.streams import Streams
from edgemoe.compiler.backend.text import Names, all_of, any_of, grouped, literal, remark, safe, source, span
from edgemoe.compiler.backend.values import END, Values
from edgemoe.compiler.ir import (
    Branch,
    Const,
    Edge,
    Jump,
    Memory,
    MemoryKind,
    Op,
    Opcode,
    Phi,
    Pipeline,
    Return,
    Value,
)


@dataclass
class Shared:
    """What the regions of a process have in common."""

    names: Names
    values: Values
    memories: Memories
    streams: Streams
    blocks: Blocks
    modules: dict[str, ModuleTiming]
    entries: dict[str, list[str]] = field(default_factory=dict)  #: region: signals that start it
    returns: list[str] = field(default_factory=list)
    phi_writes: dict[int, list[tuple[str, str]]] = field(default_factory=dict)  #: phi id: when, value
    outputs: dict[str, list[tuple[str, str]]] = field(default_factory=dict)  #: scalar: when, value
    signals: list[str] = field(default_factory=list)  #: declarations that other regions refer to
    region_names: dict[str, str] = field(default_factory=dict)
    plans: dict[str, RegionPlan] = field(default_factory=dict)
    counts_cycles: bool = False


class RegionEmitter:
    """Writes one region; the text is complete once all regions were emitted (see `text`)."""

    def __init__(self, shared: Shared, plan: RegionPlan) -> None:
        self.shared, self.plan, self.region = shared, plan, plan.region
        self.name = shared.region_names[plan.region.name]
        self.body: list[str] = []
        self.clocked: list[str] = []
        self.reset: list[str] = []  # signals that reset clears
        self.control: list[str] = []  # clocked statements under reset
        self.waits: list[str] = []
        self.taken: dict[str, list[int]] = {}

    # ---- signals ----------------------------------------------------------------------------------------------

    def active(self, cycle: int) -> str:
        """High while a token is in ``cycle``."""
        if self.plan.pipelined and cycle == 0:
            return f"{self.name}_issue"
        return f"{self.name}_v[{cycle}]"

    def at(self, value: Value, cycle: int | None) -> str:
        return self.shared.values.at(value, self.plan, cycle)

    def effect(self, op: Op) -> str:
        """High when ``op`` takes effect."""
        cycle = self.plan.cycle(op)
        terms = [self.active(cycle)]
        if op.predicate is not None:
            terms.append(self.at(op.predicate, cycle))
        if not self.plan.pipelined and self._may_wait(cycle):
            terms.append(f"{self.name}_move")
        return all_of(terms)

    def _may_wait(self, cycle: int) -> bool:
        return any(
            op.opcode in (Opcode.FIFO_READ, Opcode.FIFO_WRITE, Opcode.ACQUIRE)
            and self.plan.cycle(op) == cycle
            for op in self.region.ops
        )

    # ---- the whole --------------------------------------------------------------------------------------------

    def emit(self) -> None:
        """Collects everything; call for all regions, then `text`."""
        plan = self.plan
        self._declare_control()
        operations = [op for op in self.region.ops if op.id in plan.free]
        rest = [op for op in self.region.ops if op.id not in plan.free]
        order = {op.id: number for number, op in enumerate(self.region.ops)}
        rest.sort(key=lambda op: (plan.born(op), order[op.id]))
        for op in operations + rest:
            self._operation(op)
        if plan.pipelined:
            self._pipeline_control()
        else:
            self._block_control()

    def text(self) -> list[str]:
        """Header, logic and one clocked block."""
        values, plan = self.shared.values, self.plan
        mine: list[Op | Phi] = [*self.region.phis, *(op for op in self.region.ops if op.width)]
        delayed, clocked = [], []
        for value in mine:
            stages, name = values.shifts.get(value.id, 0), values.name(value)
            if stages:
                parts = [f"{name}_d{k}" for k in range(1, stages + 1)]
                delayed.append(f"logic {span(value.width)}{', '.join(parts)};")
                clocked += [f"{to} <= {frm};" for frm, to in zip([name, *parts], parts, strict=False)]
            if value.id in values.kept:
                when = self.active(
                    plan.born(value) if plan.pipelined or isinstance(value, Op) else plan.depth - 1
                )
                clocked.append(f"if ({when}) {name}_r <= {name};")
        lines = ["", *self._header(), *delayed, *self.body]
        statements = [*clocked, *self.clocked]
        if self.reset:
            clear = [f"  {signal} <= '0;" for signal in self.reset]
            statements += [
                "if (rst) begin",
                *clear,
                "end else begin",
                *("  " + s for s in self.control),
                "end",
            ]
        if statements:
            lines += ["always_ff @(posedge clk) begin", *("  " + s for s in statements), "end"]
        return lines

    def _header(self) -> list[str]:
        plan, region = self.plan, self.region
        lines = sorted({op.loc.line for op in region.ops if op.loc.line})
        where = f", lines {lines[0]} to {lines[-1]}" if lines else ""
        if plan.pipelined:
            trip = f", {region.trip} iterations" if isinstance(region, Pipeline) and region.trip else ""
            what = f"pipelined loop, II={plan.ii}, depth {plan.depth}{trip}"
        else:
            loop = "loop, not pipelined" if isinstance(region, Pipeline) else "block"
            what = f"{loop}, {plan.depth} cycle{'s' if plan.depth > 1 else ''}"
        label = f" {region.label}" if isinstance(region, Pipeline) and region.label else ""
        found = source(region.loc)
        head = [f"// ---- {self.name}{label}: {what}{where}{f' ({found})' if found else ''}"]
        return head + ([f"//      limited by: {plan.limited_by}"] if plan.limited_by else [])

    # ---- operations -------------------------------------------------------------------------------------------

    def _comment(self, op: Op) -> str:
        return remark(op.loc, "" if op.id in self.plan.free else f"cycle {self.plan.cycle(op)}")

    def _operation(self, op: Op) -> None:
        opcode = op.opcode
        if opcode is Opcode.LOAD:
            self._load(op)
        elif opcode is Opcode.STORE:
            self._store(op)
        elif opcode is Opcode.FIFO_READ:
            self._fifo_read(op)
        elif opcode is Opcode.FIFO_WRITE:
            self._fifo_write(op)
        elif opcode is Opcode.OUTPUT:
            data = self.at(op.operands[0], self.plan.cycle(op))
            self.shared.outputs.setdefault(op.channel, []).append((self.effect(op), data))
        elif opcode is Opcode.CALL:
            self._call(op)
        elif opcode is Opcode.FIFO_EMPTY:
            self._wire(op, f"~{Streams.available(op.channel)}")
        elif opcode is Opcode.CYCLE:
            self.shared.counts_cycles = True
            self._wire(op, cast("cycle_counter", 32, op.width))
        elif opcode is Opcode.ACQUIRE:
            self._wait_unless(op, f"{safe(op.channel)}_ok")
            self.shared.blocks.acquires[op.channel].append(self.effect(op))
            if op.width:
                self._wire(op, literal(1, op.width))
        elif opcode is Opcode.RELEASE:
            self.shared.blocks.releases[op.channel].append(self.effect(op))
        else:
            self._compute(op)

    def _wire(self, op: Op, value: str) -> None:
        name = self.shared.values.name(op)
        self.body.append(f"wire {span(op.width)}{name} = {value};{self._comment(op)}")

    def _compute(self, op: Op) -> None:
        if op.id in self.plan.free:
            self._wire(op, expression(op, [self.at(v, 0) for v in op.operands]))
            return
        cycle, latency = self.plan.cycle(op), self.plan.latency(op)
        if latency == 0:
            self._wire(op, expression(op, [self.at(v, cycle) for v in op.operands]))
            return
        # The operands pass a register first, so that a DSP block can take it in.
        value = expression(op, [self.at(v, cycle + 1) for v in op.operands])
        self._registers(op, value, latency - 1)

    def _registers(self, op: Op, value: str, stages: int) -> None:
        """``op`` is ``value``, ``stages`` clock edges later."""
        name = self.shared.values.name(op)
        names = [f"{name}_s{k}" for k in range(1, stages)] + [name]
        self.body.append(f"logic {span(op.width)}{', '.join(names)};{self._comment(op)}")
        for previous, current in zip([value, *names], names, strict=False):
            self.clocked.append(f"{current} <= {previous};")

    def _call(self, op: Op) -> None:
        module, name, cycle = self.shared.modules[op.callee], self.shared.values.name(op), self.plan.cycle(op)
        ports = [f".a{k}({self.at(v, cycle + module.samples[k])})" for k, v in enumerate(op.operands)]
        self.body.append(f"wire {span(op.width)}{name};{self._comment(op)}")
        self.body.append(f"{module.name} u_{name} (.clk(clk), {', '.join(ports)}, .y({name}));")

    # ---- memories ---------------------------------------------------------------------------------------------

    def _memory_enable(self, op: Op) -> str:
        terms = [self.active(self.plan.cycle(op))]
        if not self.plan.pipelined and self._may_wait(self.plan.cycle(op)):
            terms.append(f"{self.name}_move")
        return all_of(terms)

    def _select(self, op: Op) -> tuple[str, int]:
        """The bank index of an access with several candidates, and its width."""
        operand, bits = op.operands[-1], select_bits(len(op.banks))
        return cast(self.at(operand, self.plan.cycle(op)), operand.width, bits), bits

    def _address(self, op: Op) -> str:
        operand = op.operands[0]
        return self.shared.memories.address(op.memory, self.at(operand, self.plan.cycle(op)), operand.width)

    def _load(self, op: Op) -> None:
        memory = self.shared.memories.memories[op.memory]
        if memory.kind in (MemoryKind.REGISTERS, MemoryKind.BLOCK):
            self._load_register(op, memory)
        elif memory.kind is MemoryKind.ROM:
            self._load_table(op)
        else:
            self._load_ram(op, memory)

    def _load_register(self, op: Op, memory: Memory) -> None:
        if memory.kind is MemoryKind.BLOCK:
            words = [self.shared.blocks.word(op.memory, bank) for bank in op.banks]
        else:
            words = [self.shared.memories.bank(op.memory, bank) for bank in op.banks]
        if len(words) == 1:
            self._wire(op, words[0])
        else:
            select, bits = self._select(op)
            self._choose(op, select, words, bits)

    def _load_table(self, op: Op) -> None:
        name, address = self.shared.values.name(op), self._address(op)
        words = [f"{self.shared.memories.bank(op.memory, bank)}[{address}]" for bank in op.banks]
        self.body.append(f"logic {span(op.width)}{name};{self._comment(op)}")
        if len(words) == 1:
            statement = [f"{name} <= {words[0]};"]
        else:
            select, bits = self._select(op)
            statement = select_case(name, select, words, bits, "<=")
        if not self.plan.pipelined:
            statement = [f"if ({self._memory_enable(op)}) begin", *("  " + s for s in statement), "end"]
        self.clocked += statement

    def _load_ram(self, op: Op, memory: Memory) -> None:
        memories, enable = self.shared.memories, self._memory_enable(op)
        for bank in op.banks:
            memories.load(op.memory, bank, Access(enable, self._address(op), "", op.loc))
        words = [memories.output(op.memory, bank) for bank in op.banks]
        if len(words) == 1:
            self._wire(op, words[0])
            return
        select, bits = self._select(op)
        name = f"{self.shared.values.name(op)}_bank"
        self.body.append(f"logic {span(bits)}{name};")
        self.clocked.append(f"if ({enable}) {name} <= {select};")
        self._choose(op, name, words, bits)

    def _choose(self, op: Op, select: str, words: list[str], bits: int) -> None:
        name = self.shared.values.name(op)
        self.body.append(f"logic {span(op.width)}{name};{self._comment(op)}")
        self.body += ["always_comb", *("  " + line for line in select_case(name, select, words, bits))]

    def _store(self, op: Op) -> None:
        memories, enable = self.shared.memories, self.effect(op)
        data = self.at(op.operands[1], self.plan.cycle(op))
        memory = memories.memories[op.memory]
        address = self._address(op) if memory.kind is MemoryKind.RAM else ""
        if len(op.banks) == 1:
            self._store_bank(op, op.banks[0], Access(enable, address, data, op.loc))
            return
        select, bits = self._select(op)
        for number, bank in enumerate(op.banks):
            access = Access(enabled_bank(enable, select, bits, number), address, data, op.loc)
            self._store_bank(op, bank, access)

    def _store_bank(self, op: Op, bank: int, access: Access) -> None:
        if self.shared.memories.memories[op.memory].kind is MemoryKind.BLOCK:
            self.shared.blocks.store(op.memory, bank, access.enable, access.data, access.loc)
        else:
            self.shared.memories.store(op.memory, bank, access)

    # ---- streams ----------------------------------------------------------------------------------------------

    def _wait_unless(self, op: Op, ready: str) -> None:
        """The token waits in (a pipeline: before) the cycle of ``op`` until ``ready``, if its predicate holds."""
        cycle = self.plan.cycle(op)
        guard = [] if op.predicate is None else [self.at(op.predicate, cycle)]
        if self.plan.pipelined:
            self.waits.append(any_of([*(f"~{grouped(g)}" for g in guard), ready]))
        else:
            self.waits.append(all_of([self.active(cycle), *guard, f"~({ready})"]))

    def _fifo_read(self, op: Op) -> None:
        streams = self.shared.streams
        self._wait_unless(op, streams.available(op.channel))
        streams.reads[op.channel].append(self.effect(op))
        if op.width:
            self._wire(op, streams.head(op.channel))

    def _fifo_write(self, op: Op) -> None:
        output, cycle = self.shared.streams.outputs[op.channel], self.plan.cycle(op)
        when, data = self.effect(op), self.at(op.operands[0], cycle)
        output.writes.append((when, data, op.loc))
        if not self.plan.pipelined:
            self._wait_unless(op, Streams.room(op.channel, 1))
            output.takes.append((when, 1))
            return
        self.taken.setdefault(op.channel, []).append(cycle)
        if op.predicate is not None:
            output.unused.append(all_of([self.active(cycle), f"~{grouped(self.at(op.predicate, cycle))}"]))

    # ---- control ----------------------------------------------------------------------------------------------

    def _declare_control(self) -> None:
        name, depth = self.name, self.plan.depth
        signals = self.shared.signals
        signals.append(f"logic {name}_go;")
        if self.plan.pipelined:
            signals.append(f"logic {name}_run, {name}_active, {name}_issue, {name}_done;")
            if depth > 1:
                signals.append(f"logic [{depth - 1}:1] {name}_v;")
        else:
            signals.append(f"logic [{depth - 1}:0] {name}_v;")
            if any(self._may_wait(cycle) for cycle in range(depth)):
                signals.append(f"logic {name}_move;")

    def _block_control(self) -> None:
        name, depth = self.name, self.plan.depth
        shift = f"{name}_v << 1" if depth > 1 else "'0"
        self.reset.append(f"{name}_v")
        last = self.active(depth - 1)
        if self.waits:
            self.body.append(f"assign {name}_move = ~({any_of(self.waits)});")
            self.control.append(f"if ({name}_go) {name}_v <= {depth}'d1;")
            self.control.append(f"else if ({name}_move) {name}_v <= {shift};")
            if self._may_wait(depth - 1):
                last = all_of([last, f"{name}_move"])
        else:
            self.control.append(f"{name}_v <= {name}_go ? {depth}'d1 : {shift};")
        self._leave(last)

    def _pipeline_control(self) -> None:
        name, depth, ii = self.name, self.plan.depth, self.plan.ii
        streams = self.shared.streams
        for channel, cycles in self.taken.items():
            output, count = streams.outputs[channel], len(cycles)
            self.waits.append(streams.room(channel, count))
            output.takes.append((f"{name}_issue", count))
            output.extra_slots = max(output.extra_slots, count * -(-(max(cycles) + 3) // ii))
        terms = [f"{name}_run"]
        self.reset += [f"{name}_run", f"{name}_active"]
        self.control.append(f"{name}_active <= {name}_go | ({name}_active & ~{name}_done);")
        if ii > 1:
            bits = (ii - 1).bit_length()
            self.body.append(f"logic {span(bits)}{name}_wait;")
            terms.append(f"{name}_wait == '0")
            self.reset.append(f"{name}_wait")
            next_wait = f"{name}_wait == '0 ? '0 : {name}_wait - 1'b1"
            self.control.append(f"{name}_wait <= {name}_issue ? {literal(ii - 1, bits)} : ({next_wait});")
        if depth > 1:
            self.reset.append(f"{name}_v")
            shifted = f"{{{name}_v[{depth - 2}:1], {name}_issue}}" if depth > 2 else f"{name}_issue"
            self.control.append(f"{name}_v <= {shifted};")
        self._run_control()
        drained = f" & ~|{name}_v" if depth > 1 else ""
        self.body.append(f"assign {name}_issue = {all_of([*terms, *self.waits])};")
        self.body.append(f"assign {name}_done = {name}_active & ~{name}_run{drained};")

    def _run_control(self) -> None:
        """Issues iterations from the entry until the loop condition fails; carries phis around."""
        name, terminator = self.name, self.region.terminator
        assert not isinstance(terminator, Return)
        back = terminator.taken if isinstance(terminator, Branch) else terminator.edge
        for phi, value in zip(self.region.phis, back.values, strict=True):
            self._carry(phi, value)
        if isinstance(terminator, Jump):
            self.control.append(f"{name}_run <= {name}_run | {name}_go;")
            return
        condition = terminator.condition
        local = isinstance(condition, Op | Phi) and condition.id in self.plan.cycles
        cycle = self.plan.born(condition) if local and isinstance(condition, Op | Phi) else 0
        stop = all_of([self.active(cycle), f"~{grouped(self.at(condition, cycle))}"])
        self.control.append(f"{name}_run <= {name}_go | ({name}_run & ~({stop}));")
        self._hand_over(f"{name}_done", terminator.otherwise)

    def _carry(self, phi: Phi, value: Value) -> None:
        if value is phi:
            return
        if isinstance(value, Op | Phi) and value.id in self.plan.cycles:
            cycle = self.plan.born(value)
        else:
            cycle = self.plan.cycle(phi)
        self.shared.phi_writes.setdefault(phi.id, []).append((self.active(cycle), self.at(value, cycle)))

    def _leave(self, last: str) -> None:
        """The end of a block: to the region that its terminator chooses."""
        terminator = self.region.terminator
        if isinstance(terminator, Return):
            self.shared.returns.append(last)
        elif isinstance(terminator, Jump):
            self._hand_over(last, terminator.edge)
        elif isinstance(terminator.condition, Const):
            self._hand_over(last, terminator.taken if terminator.condition.value else terminator.otherwise)
        else:
            condition = self.at(terminator.condition, END)
            self._hand_over(all_of([last, condition]), terminator.taken)
            self._hand_over(all_of([last, f"~{grouped(condition)}"]), terminator.otherwise)

    def _hand_over(self, when: str, edge: Edge) -> None:
        signal = self.shared.names.fresh(f"{self.name}_to_{self.shared.region_names[edge.target]}")
        self.shared.signals.append(f"logic {signal};")
        self.body.append(f"assign {signal} = {when};")
        self.shared.entries.setdefault(edge.target, []).append(signal)
        target = self.shared.plans[edge.target].region
        for phi, value in zip(target.phis, edge.values, strict=True):
            if value is not phi:
                self.shared.phi_writes.setdefault(phi.id, []).append((signal, self.at(value, END)))
