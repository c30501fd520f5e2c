# SPDX-License-Identifier: Apache-2.0
"""One region as logic: valid bits, operations, and the hand-over to the next region.

A pipeline issues an iteration when every input it reads is there and every output has credits for all writes that
the iteration may make. After that nothing stops it: data registers run free and a shift register of valid bits
enables what has effects. Before it, an iteration that reads a stream several times waits in the cycles of its head,
one iteration at a time, and registers there hold what was read. A block has one token in its shift register, which
waits for FIFOs where it stands.
"""

from __future__ import annotations

from edgemoe.compiler.backend.operations import Operations
from edgemoe.compiler.backend.text import all_of, any_of, grouped, literal, source, span
from edgemoe.compiler.backend.values import END, delay_chain
from edgemoe.compiler.ir import (
    Branch,
    Const,
    Edge,
    Jump,
    Op,
    Phi,
    Pipeline,
    Return,
    Value,
)


class RegionEmitter(Operations):
    """Writes one region; the text is complete once all regions were emitted (see `text`)."""

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
                declaration, moves = delay_chain(name, value.width, self._holds(plan.born(value), stages))
                delayed.append(declaration)
                clocked += moves
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

    def _holds(self, born: int, stages: int) -> list[str]:
        """For each stage behind a value of cycle ``born``: up to the issue, when its token moves; "" for always."""
        cycles = range(born, born + stages)
        return [self.active(cycle) if self.plan.leaves(cycle) else "" for cycle in cycles]

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

    # ---- control ----------------------------------------------------------------------------------------------

    def _declare_control(self) -> None:
        name, depth = self.name, self.plan.depth
        signals = self.shared.signals
        signals.append(f"logic {name}_go;")
        if self.plan.pipelined:
            head = self.plan.head
            signals.append(f"logic {name}_run, {name}_active, {name}_issue, {name}_done;")
            if head:
                signals.append(
                    f"logic [{head}:1] {name}_head;  // an iteration waits there for what it reads"
                )
                signals.append(f"logic [{head - 1}:0] {name}_leave;")
            if depth > head + 1:
                signals.append(f"logic [{depth - 1}:{head + 1}] {name}_v;")
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
            output.extra_slots = max(output.extra_slots, count * -(-(max(cycles) - self.plan.head + 3) // ii))
        head, in_flight = self.plan.head, depth - self.plan.head - 1
        terms = [f"{name}_head[{head}]" if head else f"{name}_run"]
        self.reset += [f"{name}_run", f"{name}_active"]
        self.control.append(f"{name}_active <= {name}_go | ({name}_active & ~{name}_done);")
        if ii > 1:
            bits = (ii - 1).bit_length()
            self.body.append(f"logic {span(bits)}{name}_wait;")
            terms.append(f"{name}_wait == '0")
            self.reset.append(f"{name}_wait")
            # Ports are shared by cycle modulo II, so iterations keep to one phase for as long as one is under way.
            busy = f" & ~|{name}_v" if in_flight else ""
            idle = f"{name}_wait == '0 & ~{name}_issue{busy}"
            self.control.append(f"if ({idle}) {name}_wait <= '0;")
            self.control.append(
                f"else {name}_wait <= {name}_wait == '0 ? {literal(ii - 1, bits)} : {name}_wait - 1'b1;"
            )
        if head:
            self._head_control()
        if in_flight:
            self.reset.append(f"{name}_v")
            shifted = (
                f"{{{name}_v[{depth - 2}:{head + 1}], {name}_issue}}" if in_flight > 1 else f"{name}_issue"
            )
            self.control.append(f"{name}_v <= {shifted};")
        self._run_control()
        drained = (f" & ~|{name}_head" if head else "") + (f" & ~|{name}_v" if in_flight else "")
        self.body.append(f"assign {name}_issue = {all_of([*terms, *self.waits])};")
        self.body.append(f"assign {name}_done = {name}_active & ~{name}_run{drained};")

    def _head_control(self) -> None:
        """One iteration at a time in the cycles before the issue; it enters no earlier than its II allows."""
        name, head, ii = self.name, self.plan.head, self.plan.ii
        bits = (ii - 1).bit_length()
        for cycle in range(head):
            here = [f"{name}_head[{cycle}]"] if cycle else [f"{name}_run", f"~|{name}_head"]
            if cycle == 0 and ii - 1 > head:
                here.append(f"{name}_wait <= {literal(head, bits)}")
            ready = all_of([*here, *self.head_waits.get(cycle, [])])
            self.body.append(f"assign {name}_leave[{cycle}] = {ready};")
            self.control.append(f"if ({self.active(cycle)}) {name}_head[{cycle + 1}] <= 1'b1;")
            self.control.append(f"else if ({self.active(cycle + 1)}) {name}_head[{cycle + 1}] <= 1'b0;")
        self.reset.append(f"{name}_head")

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
        target_name = self.shared.region_names[edge.target].removeprefix("block_")
        signal = self.shared.names.fresh(f"{self.name}_to_{target_name}")
        self.shared.signals.append(f"logic {signal};")
        self.body.append(f"assign {signal} = {when};")
        self.shared.entries.setdefault(edge.target, []).append(signal)
        target = self.shared.plans[edge.target].region
        for phi, value in zip(target.phis, edge.values, strict=True):
            if value is not phi:
                self.shared.phi_writes.setdefault(phi.id, []).append((signal, self.at(value, END)))
