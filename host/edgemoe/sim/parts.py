# SPDX-License-Identifier: Apache-2.0
"""The C++ of a simulation in parts, so that a changed kernel compiles what it touches and no more.

Verilator makes one class of a whole design, unless it is told which modules to leave apart. Of those that are large it
makes classes of their own then. A file's object is kept by what it depends on: its text, the layout of its class,
and that of the others whose members it names.
"""

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from edgemoe.built import digest
from edgemoe.verilator import PREFIX

LARGE = 16_000
"""Bytes of SystemVerilog from which a module is a part."""
RULES = "parts.vlt"

_INSTANCE = re.compile(rf"^ +({PREFIX}\w*) +(TOP\w*);$", re.MULTILINE)
_MEMBER = re.compile(r"\bvlSymsp->(\w+)")
_POINTERS = {"vlSelf", "vlSymsp", "_vm_contextp__"}


def separate(sources: Sequence[Path], top: str, work: Path) -> list[Path]:
    """What Verilator is to read that leaves the large modules below `top` apart: `sources` and rules, in `work`.

    Where no module is large, or two files have a name, `sources` as they are.
    """
    names = [source.stem for source in sources if source.stem != top and source.stat().st_size >= LARGE]
    if not names or len({source.name for source in sources}) < len(sources):
        return list(sources)
    rules = work / RULES
    rules.write_text("".join(["`verilator_config\n", *(f'no_inline -module "{name}"\n' for name in names)]))
    return [rules, *(Path(shutil.copy(source, work)) for source in sources)]


@dataclass(frozen=True)
class Model:
    """What Verilator wrote into a folder."""

    work: Path

    @cached_property
    def symbols(self) -> str:
        """The structure that holds the instances of all classes."""
        return self._header(f"{PREFIX}__Syms")

    @cached_property
    def instances(self) -> Mapping[str, str]:
        """Instance → its class, in the order in which they lie in memory. The first is that of the top."""
        return {instance: name for name, instance in _INSTANCE.findall(self.symbols)}

    def layout(self, unit: Path) -> list[str]:
        """The headers' texts that decide what the object of a file is, besides its own text.

        A member's place depends on the sizes of all that lies before it.
        """
        text = unit.read_text()
        own = re.sub(r"(__\d+)?(__Slow)?$", "", unit.stem)  # Vtop_walk of Vtop_walk__0__Slow.cpp
        named = set(_MEMBER.findall(text)) - {"_vm_contextp__"}
        pointers = set(re.findall(r"(\w+)->", text))
        if (
            own not in self.instances.values()
            or not named <= set(self.instances)
            or not pointers <= _POINTERS
        ):
            return [header.read_text() for header in sorted(self.work.glob("*.h"))]
        order = list(self.instances)
        last = max((order.index(instance) for instance in named), default=-1)
        before = [self.members(instance) for instance in order[: last + 1]]
        return [self._header(own), *before] + ([self.symbols] if named else [])

    def members(self, instance: str) -> str:
        """The declarations of an instance's class."""
        return self._header(self.instances[instance])

    def key(self, unit: Path, *how: str) -> str:
        """What the object of `unit` is known by, if it is compiled as `how` says."""
        return digest(unit.name, unit.read_text(), *self.layout(unit), *how)

    def _header(self, name: str) -> str:
        return (self.work / f"{name}.h").read_text()
