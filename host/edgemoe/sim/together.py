# SPDX-License-Identifier: Apache-2.0
"""The designs of one board share one clock: whichever a program looks at, all of them have lived as long."""

from collections.abc import Sequence

from edgemoe.errors import DeviceError
from edgemoe.sim.verilated import VerilatedDesign


class Together:
    """Keeps `designs` at the same cycle, counted from when they were put together."""

    def __init__(self, designs: Sequence[VerilatedDesign]) -> None:
        self._since = [(design, design.cycle) for design in designs]
        self.failure: DeviceError | None = None
        """Raised at the next access to any target of the board, once, if set."""

    def catch_up(self) -> None:
        """Let those that lag behind run on."""
        if len(self._since) < 2:
            return
        ages = [design.cycle - since for design, since in self._since]
        now = max(ages)
        for (design, _), age in zip(self._since, ages, strict=True):
            if age < now:
                design.run(now - age)

    def check(self) -> None:
        """Raise the failure that was met while no one was looking."""
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure
