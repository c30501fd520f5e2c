# SPDX-License-Identifier: Apache-2.0
"""How much of a board's fabric the project lets itself take, and by how much a design goes beyond that."""

from __future__ import annotations

from dataclasses import dataclass

from edgemoe.blockdesign import Fabric
from edgemoe.synth.resources.counts import Resources

SHARES = {"dsp": 0.90, "bram36": 0.85, "uram": 0.85, "lut": 0.75}
"""Of what the part has. More of it, and place and route seldom meet the clock."""
OWN_LIMITS = {"zcu102": {"dsp": 1250, "lut": 110_000}, "zcu102-deep": {"bram36": 684}}
"""What the project asks for besides, on a board. Published machines for the model of zcu102 take 1,754 DSP blocks and
156,000 LUTs of it; zcu102-deep, whose memories are most of it, leaves a quarter of the part's block RAM to the router.
"""
NAMES = {"lut": "LUT", "ff": "FF", "dsp": "DSP", "bram36": "BRAM36", "uram": "URAM"}
"""Of the resources that a part has, as people call them."""


@dataclass(frozen=True)
class Limit:
    """At most `most` of a resource may be used."""

    resource: str
    most: float
    why: str


@dataclass(frozen=True)
class Passed:
    """A limit that a design passes."""

    limit: Limit
    used: float

    def __str__(self) -> str:
        beyond = self.used - self.limit.most
        return (
            f"{NAMES[self.limit.resource]}: {self.used:,.10g} are {beyond:,.10g} more than {self.limit.most:,.10g}, "
            f"{self.limit.why}"
        )


def limits(board: str, fabric: Fabric) -> list[Limit]:
    """The limits of a board, in the order of its resources."""
    found = []
    for resource in NAMES:
        if share := SHARES.get(resource):
            has = getattr(fabric, resource)
            why = f"{share:.0%} of the part's {has:,}"
            found.append(Limit(resource, int(has * share), why))
        if most := OWN_LIMITS.get(board, {}).get(resource):
            found.append(Limit(resource, most, f"the project's own limit on {board}"))
    return found


def passed(used: Resources, board: str, fabric: Fabric) -> list[Passed]:
    """The limits that `used` passes."""
    figures = used.figures()
    return [
        Passed(limit, figures[limit.resource])
        for limit in limits(board, fabric)
        if figures[limit.resource] > limit.most
    ]
