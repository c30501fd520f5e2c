# SPDX-License-Identifier: Apache-2.0
"""A device for tests that does what it is told to: wait, fail, go on."""

import threading
import time
from typing import Any

from edgemoe.backends import Golden
from edgemoe.demo.devices import Device
from edgemoe.program import Run, Workload


class Acting(Golden):
    """Golden as a device that waits at its gate, counts who is inside it, and fails when it is told to."""

    name = "acting"

    def __init__(self, workload: Workload) -> None:
        super().__init__(workload)
        self.inside = self.most = self.opened = self.closed = 0
        self.failures: list[Exception] = []
        self.order: list[bytes] = []
        self.told: Any = None
        self.gate = threading.Event()
        self.gate.set()

    @property
    def device(self) -> Device:
        """As the engine takes it."""
        return Device("acting", "a device that acts", self.workload, self.open)

    def open(self) -> "Acting":
        self.opened += 1
        return self

    def watch(self, told: Any) -> None:
        self.told = told

    def run(self, pixels: Any, task: str, *, taps: bool = False) -> Run:
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.order.append(pixels.tobytes())
        try:
            while not self.gate.wait(0.01):
                self.told(100)
            time.sleep(0.01)
            if self.failures:
                raise self.failures.pop()
            return super().run(pixels, task, taps=taps)
        finally:
            self.inside -= 1

    def close(self) -> None:
        self.closed += 1
