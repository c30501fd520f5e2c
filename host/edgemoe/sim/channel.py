# SPDX-License-Identifier: Apache-2.0
"""One direction of a DMA in the simulation: what `native/dma.hpp` moves between memory and a stream."""

from ctypes import byref

from edgemoe.sim.library import ChannelState, Model

HALTED, IDLE = 1 << 0, 1 << 1
INTERNAL_ERROR, SLAVE_ERROR, DECODE_ERROR = 1 << 4, 1 << 5, 1 << 6
COMPLETE_IRQ, DELAY_IRQ, ERROR_IRQ = 1 << 12, 1 << 13, 1 << 14
TVALID, TREADY = 1 << 0, 1 << 1


class Channel:
    """A channel of a simulated design. No method lets time pass."""

    def __init__(self, model: Model, number: int) -> None:
        self._model, self._number = model, number

    def reset(self) -> None:
        """Forget everything, what is under way included; the channel is halted."""
        self._model.call("sim_channel_reset", self._number)

    def control(self, running: bool, interrupts: int) -> None:
        """Let it run or stop it; `interrupts` are those that raise the line, as bits of the status."""
        self._model.call("sim_channel_control", self._number, int(running), interrupts)

    def acknowledge(self, interrupts: int) -> None:
        """Clear these interrupt bits of the status."""
        self._model.call("sim_channel_acknowledge", self._number, interrupts)

    def transfer(self, address: int, length: int) -> None:
        """Begin to move `length` bytes from or to `address`; receiving, as many at most."""
        self._model.call("sim_channel_transfer", self._number, address, length)

    @property
    def state(self) -> ChannelState:
        """What it is doing now."""
        state = ChannelState()
        self._model.call("sim_channel_state", self._number, byref(state))
        return state

    @property
    def interrupt(self) -> bool:
        """Level of its interrupt line."""
        state = self.state
        return bool(state.status & state.enabled)
