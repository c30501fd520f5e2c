# SPDX-License-Identifier: Apache-2.0
"""The designs of one board share one clock: whichever a program looks at, all of them have lived as long."""

from collections.abc import Sequence
from typing import Protocol

from edgemoe.errors import DeviceError
from edgemoe.sim.verilated import VerilatedDesign


class Member(Protocol):
    """A target with a design in which time passes."""

    @property
    def design(self) -> VerilatedDesign: ...

    def look(self) -> None:
        """See what the design has done since the last look; raises what was wrong."""


class Together:
    """Keeps designs at the same cycle, counted from when they were put together."""

    def __init__(self, members: Sequence[Member]) -> None:
        self._members = [(member, member.design.cycle) for member in members]
        self.failure: DeviceError | None = None
        """Raised at the next access to any target of the board, once, if set."""

    def settle(self) -> None:
        """Let those that lag behind run on, and look at all of them."""
        if len(self._members) > 1:
            ages = [member.design.cycle - since for member, since in self._members]
            now = max(ages)
            for (member, _), age in zip(self._members, ages, strict=True):
                if age < now:
                    member.design.run(now - age)
        for member, _ in self._members:
            member.look()

    def check(self) -> None:
        """Raise the failure that was met while no one was looking."""
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure
