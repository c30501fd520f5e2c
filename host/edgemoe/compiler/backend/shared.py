# SPDX-License-Identifier: Apache-2.0
"""What the regions of a process have in common: names, values, memories, streams, and who starts whom."""

from __future__ import annotations

from dataclasses import dataclass, field

from edgemoe.compiler.backend.blocks import Blocks
from edgemoe.compiler.backend.memories import Memories
from edgemoe.compiler.backend.plan import ModuleTiming, RegionPlan
from edgemoe.compiler.backend.streams import Streams
from edgemoe.compiler.backend.text import Names
from edgemoe.compiler.backend.values import Values


@dataclass
class Shared:
    """Filled while the regions are emitted; complete when all are."""

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
