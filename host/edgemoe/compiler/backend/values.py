# SPDX-License-Identifier: Apache-2.0
"""Which signal holds a value, seen from a region in a given cycle.

* In a pipeline a value moves along a shift register behind its operation, one stage a cycle: ``x``, then ``x_d1`` if
  there is one stage, else ``x_d[1]``, ``x_d[2]``, ...
* In a block one token is in flight, so one register ``x_r`` keeps a value for all later cycles.
* Other regions also read ``x_r``: for a pipeline it holds the value of the last iteration.
* A phi is a register of its own; scalar arguments are stable while the process runs.

Registers are created on demand: asking for a value is what makes its stages exist.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise

from edgemoe.compiler.backend.naming import Naming
from edgemoe.compiler.backend.plan import RegionPlan
from edgemoe.compiler.backend.text import Names, literal, span
from edgemoe.compiler.ir import Const, ModuleArg, Op, Phi, ScalarArg, Value

#: User names that look like the registers below get a word behind them.
_LOOKS_DERIVED = re.compile(r"_(r|d|[ds]\d+|bank)$", re.IGNORECASE)
#: What names of signals made from a value may end in.
_DERIVED = ("_r", "_d")

#: As a cycle: when the region hands over to the next one.
END = None


@dataclass
class Values:
    """Names and registers of all values of one function."""

    names: Names
    home: dict[int, RegionPlan] = field(default_factory=dict)  #: region of an operation or phi, by id
    shifts: dict[int, int] = field(default_factory=dict)  #: stages behind a value, by id
    kept: set[int] = field(default_factory=set)  #: values with an ``_r`` register
    owner: dict[int, Op | Phi] = field(default_factory=dict)
    _name: dict[int, str] = field(default_factory=dict)
    arguments: dict[int, str] = field(default_factory=dict)  #: port of an argument, by identity
    samples: dict[int, int] = field(default_factory=dict)  #: module arguments: the cycle they are read in
    argument_shifts: dict[int, int] = field(default_factory=dict)
    lengths: dict[int, int] = field(
        default_factory=dict
    )  #: all stages of a value or an argument, as far as known

    def add_region(self, plan: RegionPlan, naming: Naming) -> None:
        """Names all values of a region."""
        for phi in plan.region.phis:
            self._add(plan, phi, naming.of(phi))
        for op in plan.region.ops:
            if op.width:
                self._add(plan, op, naming.of(op))

    def _add(self, plan: RegionPlan, value: Op | Phi, wanted: str) -> None:
        self.home[value.id] = plan
        self.owner[value.id] = value
        if _LOOKS_DERIVED.search(wanted):
            wanted += "_value"
        self._name[value.id] = self.names.fresh(wanted, _DERIVED)

    def name(self, value: Op | Phi) -> str:
        """The signal that an operation drives, or a phi's register."""
        return self._name[value.id]

    def at(self, value: Value, plan: RegionPlan, cycle: int | None) -> str:
        """The signal that holds ``value`` in ``cycle`` of the region of ``plan``."""
        if isinstance(value, Const):
            return literal(value.value, value.width)
        if isinstance(value, ScalarArg):
            return self.arguments[id(value)]
        if isinstance(value, ModuleArg):
            assert cycle is not None
            return self._sampled(value, cycle)
        home = self.home[value.id]
        name = self._name[value.id]
        if home is not plan:
            stable = value.id in home.free or (isinstance(value, Phi) and not home.pipelined)
            return name if stable else self._keep(value)
        if plan.pipelined:
            return self._in_pipeline(value, plan, cycle)
        if isinstance(value, Phi):
            return name
        last = plan.depth - 1 if cycle is END else cycle
        return name if plan.born(value) == last else self._keep(value)

    def _sampled(self, value: ModuleArg, cycle: int) -> str:
        """A module's argument is a signal in its sample cycle only, and a shift register from there on."""
        stages = cycle - self.samples[id(value)]
        self.argument_shifts[id(value)] = max(stages, self.argument_shifts.get(id(value), 0))
        return self._stage(self.arguments[id(value)], id(value), stages)

    def _in_pipeline(self, value: Op | Phi, plan: RegionPlan, cycle: int | None) -> str:
        if value.id in plan.free:
            return self._name[value.id]
        if cycle is END:
            return self._keep(value)
        stages = cycle - plan.born(value)
        assert stages >= 0, f"{self._name[value.id]} is used before it is there"
        if stages:
            self.shifts[value.id] = max(stages, self.shifts.get(value.id, 0))
        return self._stage(self._name[value.id], value.id, stages)

    def _stage(self, name: str, key: int, stages: int) -> str:
        if stages == 0:
            return name
        return f"{name}_d[{stages}]" if self.lengths.get(key, 0) > 1 else f"{name}_d{stages}"

    def _keep(self, value: Op | Phi) -> str:
        self.kept.add(value.id)
        return f"{self._name[value.id]}_r"

    def register_bits(self) -> int:
        """Flip-flops made by this class."""
        shifted = sum(stages * self.owner[key].width for key, stages in self.shifts.items())
        return shifted + sum(self.owner[key].width for key in self.kept)


def delay_chain(name: str, width: int, holds: list[str]) -> tuple[str, list[str]]:
    """The declaration of the registers behind a value of ``width`` bits, and the clocked statements that move them.

    ``holds`` has an item for each stage: when it takes over the one before it, "" for in every cycle.
    """
    stages, chain = len(holds), f"{name}_d"
    if stages == 1:
        return f"logic {span(width)}{chain}1;", [_when(holds[0], f"{chain}1 <= {name};")]
    declaration = f"logic [{stages}:1]{span(width) or ' '}{chain};"
    if any(holds):
        names = [name, *(f"{chain}[{k}]" for k in range(1, stages + 1))]
        return declaration, [
            _when(hold, f"{to} <= {frm};") for hold, (frm, to) in zip(holds, pairwise(names), strict=True)
        ]
    older = f"{chain}[{stages - 1}:1]" if stages > 2 else f"{chain}[1]"
    return declaration, [f"{chain} <= {{{older}, {name}}};"]


def _when(condition: str, statement: str) -> str:
    return f"if ({condition}) {statement}" if condition else statement
