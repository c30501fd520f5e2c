# SPDX-License-Identifier: Apache-2.0
"""The operations of one region as logic: computing, memories, streams, blocks, modules.

Whether an operation takes effect in a cycle is the valid bit of that cycle and its predicate; see
`edgemoe.compiler.backend.region` for where the valid bits come from.
"""

from __future__ import annotations

from edgemoe.compiler.backend.expressions import cast, expression, in_fabric
from edgemoe.compiler.backend.issue import earlier_writes, tested
from edgemoe.compiler.backend.memories import (
    Access,
    enabled_bank,
    select_bits,
    select_case,
)
from edgemoe.compiler.backend.plan import RegionPlan
from edgemoe.compiler.backend.shared import Shared
from edgemoe.compiler.backend.slices import Slices
from edgemoe.compiler.backend.streams import Streams
from edgemoe.compiler.backend.text import all_of, any_of, grouped, literal, remark, safe, span
from edgemoe.compiler.ir import (
    Memory,
    Op,
    Opcode,
    Place,
    Storage,
    Value,
)


class Operations:
    """Collects the text of a region's operations."""

    def __init__(self, shared: Shared, plan: RegionPlan) -> None:
        self.shared, self.plan, self.region = shared, plan, plan.region
        self.name = shared.region_names[plan.region.name]
        self.body: list[str] = []
        self.clocked: list[str] = []
        self.reset: list[str] = []  # signals that reset clears
        self.control: list[str] = []  # clocked statements under reset
        self.waits: list[str] = []
        self.head_waits: dict[int, list[str]] = {}  # of a pipeline, by cycle before the issue
        self.taken: dict[str, list[int]] = {}
        self.slices = Slices(plan, shared.names, self.at)
        self.tested = tested(plan.region) if plan.pipelined else set()

    # ---- signals ----------------------------------------------------------------------------------------------

    def active(self, cycle: int) -> str:
        """High while a token is in ``cycle``; in a pipeline, up to the issue, when it leaves that cycle."""
        if self.plan.pipelined and cycle == self.plan.head:
            return f"{self.name}_issue"
        return f"{self.name}_{'leave' if self.plan.leaves(cycle) else 'v'}[{cycle}]"

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
        elif opcode is Opcode.MUL_ADD:
            name = self.shared.values.name(op)
            self.body.append(f"wire {span(op.width)}{name};{self._comment(op)}")
            self.body += self.slices.lines(op, name)
        elif opcode is Opcode.FIFO_EMPTY:
            self._wire(op, f"~{Streams.available(op.channel)}")
        elif opcode is Opcode.FIFO_FULL:
            self._wire(op, self._full(op))
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
        self.body.append(f"{in_fabric(op)}wire {span(op.width)}{name} = {value};{self._comment(op)}")

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
        self.body.append(f"{in_fabric(op)}logic {span(op.width)}{', '.join(names)};{self._comment(op)}")
        for previous, current in zip([value, *names], names, strict=False):
            self.clocked.append(f"{current} <= {previous};")

    def _call(self, op: Op) -> None:
        module, name, cycle = self.shared.modules[op.callee], self.shared.values.name(op), self.plan.cycle(op)
        ports = [f".a{k}({self.at(v, cycle + module.samples[k])})" for k, v in enumerate(op.operands)]
        self.body.append(f"wire {span(op.width)}{name};{self._comment(op)}")
        self.body.append(f"{module.name} u_{name} ({', '.join(['.clk(clk)', *ports, f'.y({name})'])});")

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
        if memory.storage is Storage.REGISTERS:
            self._load_register(op, memory)
        elif memory.constant:
            self._load_table(op)
        else:
            self._load_ram(op, memory)

    def _load_register(self, op: Op, memory: Memory) -> None:
        if memory.place is Place.BLOCK:
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
        registered = self.plan.latency(op) == 2
        if registered:  # by the banks' output registers
            words = [self._output_register(op, word) for word in words]
        if len(words) == 1:
            self._wire(op, words[0])
            return
        select, bits = self._select(op)
        name = f"{self.shared.values.name(op)}_bank"
        self.body.append(f"logic {span(bits)}{name};")
        self.clocked.append(f"if ({enable}) {name} <= {select};")
        if registered:
            self.body.append(f"logic {span(bits)}{name}_d1;")
            self.clocked.append(f"{name}_d1 <= {name};")
            name += "_d1"
        self._choose(op, name, words, bits)

    def _output_register(self, op: Op, word: str) -> str:
        name = self.shared.names.fresh(f"{self.shared.values.name(op)}_word")
        self.body.append(f"logic {span(op.width)}{name};")
        self.clocked.append(f"{name} <= {word};")
        return name

    def _choose(self, op: Op, select: str, words: list[str], bits: int) -> None:
        name = self.shared.values.name(op)
        self.body.append(f"logic {span(op.width)}{name};{self._comment(op)}")
        self.body += ["always_comb", *("  " + line for line in select_case(name, select, words, bits))]

    def _store(self, op: Op) -> None:
        memories, enable = self.shared.memories, self.effect(op)
        data = self.at(op.operands[1], self.plan.cycle(op))
        memory = memories.memories[op.memory]
        address = self._address(op) if memory.has_ports else ""
        if len(op.banks) == 1:
            self._store_bank(op, op.banks[0], Access(enable, address, data, op.loc))
            return
        select, bits = self._select(op)
        for number, bank in enumerate(op.banks):
            access = Access(enabled_bank(enable, select, bits, number), address, data, op.loc)
            self._store_bank(op, bank, access)

    def _store_bank(self, op: Op, bank: int, access: Access) -> None:
        if self.shared.memories.memories[op.memory].place is Place.BLOCK:
            self.shared.blocks.store(op.memory, bank, access.enable, access.data, access.loc)
        else:
            self.shared.memories.store(op.memory, bank, access)

    # ---- streams ----------------------------------------------------------------------------------------------

    def _wait_unless(self, op: Op, ready: str) -> None:
        """The token waits in (a pipeline: before) the cycle of ``op`` until ``ready``, if its predicate holds."""
        cycle = self.plan.cycle(op)
        guard = [] if op.predicate is None else [self.at(op.predicate, cycle)]
        if self.plan.pipelined:
            waits = self.head_waits.setdefault(cycle, []) if self.plan.leaves(cycle) else self.waits
            waits.append(any_of([*(f"~{grouped(g)}" for g in guard), ready]))
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
            if op.channel in self.tested:
                cycle = self.plan.decided(op)
            output.unused.append(all_of([self.active(cycle), f"~{grouped(self.at(op.predicate, cycle))}"]))

    def _full(self, op: Op) -> str:
        """Whether the user's FIFO has no place, earlier writes of the same iteration counted."""
        if not self.plan.pipelined:
            return Streams.full(op.channel)
        cycle = self.plan.cycle(op)
        predicates = [write.predicate for write in earlier_writes(self.region, op)]
        return Streams.full(op.channel, ["1'b1" if p is None else self.at(p, cycle) for p in predicates])
