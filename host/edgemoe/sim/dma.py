# SPDX-License-Identifier: Apache-2.0
"""An AXI DMA 7.1 in direct register mode on the simulated board, for PYNQ's own driver `pynq.lib.dma`.

The registers are those of AMD's product guide PG021. A direction belongs to one stream of one design and moves its
data through the simulated DRAM in that design's clock (`native/dma.hpp`). What the hardware takes in silence and
answers with wrong data (an unaligned address, a length that its register cannot hold, half an element) is an error
that says so here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from edgemoe.errors import DeviceError, UserError
from edgemoe.sim.bus import AcceleratorTarget
from edgemoe.sim.channel import (
    COMPLETE_IRQ,
    DECODE_ERROR,
    DELAY_IRQ,
    ERROR_IRQ,
    IDLE,
    INTERNAL_ERROR,
    SLAVE_ERROR,
    TREADY,
    TVALID,
    Channel,
)
from edgemoe.sim.together import Together

DMA_VLNV = "xilinx.com:ip:axi_dma:7.1"
DMACR, DMASR, ADDRESS, ADDRESS_MSB, LENGTH = 0x00, 0x04, 0x18, 0x1C, 0x28
RUN, ALWAYS_ONE, RESET, KEYHOLE = 1 << 0, 1 << 1, 1 << 2, 1 << 3
INTERRUPTS = COMPLETE_IRQ | DELAY_IRQ | ERROR_IRQ
THRESHOLD = 0xFF << 16
WRITABLE = RUN | INTERRUPTS | THRESHOLD | 0xFF << 24
MEMORY_WIDTHS = (32, 64, 128, 256, 512)
ERRORS = {
    INTERNAL_ERROR: "internal error: the packet is longer than the buffer, or has no TLAST",
    SLAVE_ERROR: "slave error: the memory refuses an access",
    DECODE_ERROR: "decode error: an address outside the memory",
}


@dataclass(frozen=True)
class Direction:
    """What is different between the two directions."""

    key: str
    interface: str
    """Name of the DMA's AXI4-Stream interface in a block design."""
    offset: int
    """Of its registers."""
    driver: str
    """What PYNQ's driver calls it."""

    @property
    def pin(self) -> str:
        """Its interrupt."""
        return f"{self.key}_introut"


SEND = Direction("mm2s", "M_AXIS_MM2S", 0x00, "sendchannel")
RECEIVE = Direction("s2mm", "S_AXIS_S2MM", 0x30, "recvchannel")
DIRECTIONS = (SEND, RECEIVE)


@dataclass(frozen=True)
class Settings:
    """Parameters of one direction, as the block design has them."""

    memory_bits: int
    stream_bits: int
    burst: int
    realigns: bool
    length_bits: int
    address_bits: int

    @classmethod
    def read(cls, name: str, direction: Direction, parameters: Mapping[str, str]) -> "Settings | None":
        """From the parameters of the IP `name`; None: it has no such direction.

        Raises:
            UserError: a mode that is not simulated, or a parameter that is missing or no number.
        """

        def number(parameter: str, default: int | None = None) -> int:
            text = parameters.get(parameter)
            try:
                if text is None and default is not None:
                    return default
                return int(str(text), 0)
            except ValueError:
                raise UserError(
                    f"{name}: parameter {parameter} is {text!r} in the hardware description; expected a number."
                ) from None

        for mode, words in (("c_include_sg", "scatter/gather"), ("c_micro_dma", "micro mode")):
            if number(mode, 0):
                raise UserError(
                    f"{name}: {words} ({mode} = 1) is not simulated. Build the design with {mode} = 0."
                )
        key = direction.key
        if not number(f"c_include_{key}", 0):
            return None
        settings = cls(
            memory_bits=number(f"c_m_axi_{key}_data_width"),
            stream_bits=number(f"c_{'m' if direction is SEND else 's'}_axis_{key}_tdata_width"),
            burst=number(f"c_{key}_burst_size", 16),
            realigns=bool(number(f"c_include_{key}_dre", 0)),
            length_bits=number("c_sg_length_width", 14),
            address_bits=number("c_addr_width", 32),
        )
        for what, value, allowed in (
            (f"c_m_axi_{key}_data_width", settings.memory_bits, MEMORY_WIDTHS),
            (f"c_{key}_burst_size", settings.burst, (2, 4, 8, 16, 32, 64, 128, 256)),
            ("c_sg_length_width", settings.length_bits, range(8, 27)),
            ("c_addr_width", settings.address_bits, range(32, 65)),
        ):
            if value not in allowed:
                shown = (
                    f"{allowed[0]} to {allowed[-1]}" if isinstance(allowed, range) else f"one of {allowed}"
                )
                raise UserError(f"{name}: parameter {what} is {value}; expected {shown}.")
        return settings


class DmaChannel:
    """The registers of one direction."""

    def __init__(
        self, name: str, direction: Direction, settings: Settings, design: AcceleratorTarget, stream: str
    ) -> None:
        """Attach to the port `stream` of `design`; `UserError` if they do not fit together."""
        self.name = f"{name}.{direction.driver}"
        self.direction, self.settings, self.design, self.stream = direction, settings, design, stream
        found = design.design.streams
        if stream not in found or stream.lower().startswith("s_") != (direction is SEND):
            wanted = "s_axis_" if direction is SEND else "m_axis_"
            having = [port for port in found if port.lower().startswith(wanted)]
            raise UserError(
                f"{self.name} is connected to {stream!r} of {design.name}, whose simulation has no such stream; "
                f"it has {', '.join(having) or 'none in this direction'}."
            )
        if found[stream] != settings.stream_bits:
            raise UserError(
                f"{self.name}: its stream has {settings.stream_bits} bits, {stream} of {design.name} has "
                f"{found[stream]}; set c_{'m' if direction is SEND else 's'}_axis_{direction.key}_tdata_width."
            )
        self._channel: Channel = design.design.attach(
            stream, f"{name}.{direction.key}", memory_bits=settings.memory_bits, burst=settings.burst
        )
        self.reset()

    def reset(self) -> None:
        """As after power-on."""
        self._channel.reset()
        self._control, self._address, self._empty = 1 << 16, 0, False
        self._channel.control(False, 0)

    @property
    def interrupt(self) -> bool:
        """Level of the interrupt line."""
        return self._channel.interrupt

    @property
    def busy(self) -> bool:
        """Whether a transfer is under way."""
        return bool(self._channel.state.busy)

    def read(self, register: int) -> int:
        """The value of a register; those that direct register mode has not are zero."""
        state = self._channel.state
        running = RUN if state.running else 0
        return int(
            {
                DMACR: (self._control & ~RUN) | running | ALWAYS_ONE,
                DMASR: state.status,
                ADDRESS: self._address & 0xFFFFFFFF,
                ADDRESS_MSB: self._address >> 32,
                LENGTH: state.length,
            }.get(register, 0)
        )

    def write(self, register: int, value: int) -> None:
        """Change a register; a length other than 0 starts a transfer."""
        if register == DMACR:
            if value & KEYHOLE:
                raise UserError(f"{self.name}: keyhole mode (bit 3 of DMACR) is not simulated.")
            self._control = value & WRITABLE
            if not value & THRESHOLD:  # the register takes no 0
                self._control |= 1 << 16
            self._channel.control(bool(value & RUN), value & INTERRUPTS)
        elif register == DMASR:
            self._channel.acknowledge(value & INTERRUPTS)
        elif register == ADDRESS:
            self._address = self._address >> 32 << 32 | value
        elif register == ADDRESS_MSB:
            self._address = self._address & 0xFFFFFFFF | value << 32
        elif register == LENGTH:
            self._empty = value == 0
            if value:
                self._check(value)
                self._channel.transfer(self._address, value)
                if self.direction is SEND:
                    self.design.watch()

    def _check(self, length: int) -> None:
        """`UserError` where the hardware would do something else, or nothing, and say nothing."""
        settings, state = self.settings, self._channel.state
        align, element = settings.memory_bits // 8, settings.stream_bits // 8
        reason = None
        if not state.running:
            reason = f"it is halted ({self._errors() or 'start it: bit 0 of DMACR'})"
        elif state.busy:
            reason = f"one of {state.length} bytes is under way"
        elif length >> settings.length_bits:
            reason = (
                f"its length register has {settings.length_bits} bits (c_sg_length_width), so at most "
                f"{(1 << settings.length_bits) - 1} bytes"
            )
        elif self._address >> settings.address_bits:
            reason = f"it has {settings.address_bits} address bits (c_addr_width)"
        elif not settings.realigns and self._address % align:
            reason = f"without realignment (DRE) the address is a multiple of {align}"
        elif self.direction is SEND and length % element:
            reason = f"an element of {self.stream} takes {element} bytes, so half of one would be sent"
        if reason:
            raise UserError(f"{self.name}: no transfer of {length} bytes at {self._address:#x}: {reason}.")

    def spared(self) -> Sequence[int]:
        """Addresses that are read and thrown away: the rest of the beats in which a transfer begins and ends."""
        state, beat = self._channel.state, self.settings.memory_bits // 8
        first, end = state.address, state.address + state.length
        if self.direction is not SEND or not state.busy:
            return ()
        return (*range(first // beat * beat, first), *range(end, -(-end // beat) * beat))

    def reads(self, address: int) -> bool:
        """Whether the last transfer was sent from this address, among others."""
        state = self._channel.state
        return self.direction is SEND and state.address <= address < state.address + state.length

    def _errors(self) -> str:
        status = self._channel.state.status
        return "; ".join(words for bit, words in ERRORS.items() if status & bit)

    def diagnosis(self) -> str:
        """What it waits for, in a sentence."""
        state = self._channel.state
        text = f"{self.name} ({'to' if self.direction is SEND else 'from'} {self.stream} of {self.design.name}): "
        if errors := self._errors():
            return text + f"{errors}; reset it (bit 2 of DMACR), and the design"
        if not state.busy:
            if self._empty:
                return text + "no transfer: a length of 0 bytes starts none"
            return text + ("idle" if state.status & IDLE else "no transfer was started")
        limit = " at most" if self.direction is RECEIVE else ""
        return text + f"{state.moved} of {state.length} bytes{limit} moved; {self._waits_for(state.stream)}"

    def _waits_for(self, stream: int) -> str:
        name = self.design.name
        kernel = (
            f"{name} was never started"
            if not self.design.starts
            else f"{name} is idle, after {self.design.starts} starts"
            if self.design.idle
            else f"{name} is running"
        )
        if self.direction is SEND:
            if stream & TVALID and not stream & TREADY:
                return f"{self.stream} takes no more data (TREADY is low): {kernel}"
            return f"the memory has not answered yet; {kernel}"
        if stream & TVALID:
            return f"the memory takes no more data; {kernel}"
        if not self._channel.state.moved:
            return f"{self.stream} has no data (TVALID is low): {kernel}"
        return f"the packet has not ended (no TLAST yet): {kernel}"


class DmaTarget:
    """An AXI DMA at its address. Polling it lets the designs of the board run on, as polling one of them does."""

    first_step, last_step = 16, 4096

    def __init__(self, name: str, channels: list[DmaChannel], together: Together, wait_limit: int) -> None:
        self.name, self.channels, self.together, self.wait_limit = name, channels, together, wait_limit
        self._waited = 0

    @property
    def lines(self) -> dict[str, Callable[[], bool]]:
        """Its interrupt pins and their levels."""
        return {channel.direction.pin: _level(channel) for channel in self.channels}

    @property
    def failure(self) -> DeviceError | None:
        """As in `Simulated`; all targets of a board have one."""
        return self.together.failure

    @failure.setter
    def failure(self, failure: DeviceError | None) -> None:
        self.together.failure = failure

    @property
    def interrupt(self) -> bool:
        return any(channel.interrupt for channel in self.channels)

    def _at(self, offset: int) -> Iterator[tuple[DmaChannel, int]]:
        for channel in self.channels:
            register = offset - channel.direction.offset
            if 0 <= register <= LENGTH:
                yield channel, register

    def read(self, offset: int) -> int:
        """Any number of reads in a row, of whichever registers, is a poll."""
        self.together.check()
        step = min(self.last_step, self.first_step + self._waited // 8)
        self._waited += step
        for design in dict.fromkeys(channel.design.design for channel in self.channels):
            design.run(step)
        self.together.settle()
        if self._waited > self.wait_limit:
            self._waited = 0  # who polls on waits once more
            raise self.timeout(f"a poll of register {offset:#x}")
        return next((channel.read(register) for channel, register in self._at(offset)), 0)

    def write(self, offset: int, value: int) -> None:
        self.together.check()
        self._waited = 0
        for channel, register in self._at(offset):
            if register == DMACR and value & RESET:  # of one direction: both are reset
                for each in self.channels:
                    each.reset()
            else:
                channel.write(register, value)

    def advance(self, cycles: int) -> None:
        """Its time passes in the designs that it is connected to."""

    def close(self, reason: str) -> None:
        """It goes with its designs."""

    def timeout(self, waiting: str) -> DeviceError:
        lines = [channel.diagnosis() for channel in self.channels]
        for design in dict.fromkeys(channel.design.design for channel in self.channels):
            lines.append(design.diagnosis())
        return DeviceError(
            f"{self.name} did not finish: {waiting} went on for more than {self.wait_limit} cycles.\n"
            + "\n".join(lines)
        )


def _level(channel: DmaChannel) -> Callable[[], bool]:
    return lambda: channel.interrupt


def make_dma(
    name: str,
    parameters: Mapping[str, str],
    ends: Mapping[tuple[str, str], tuple[str, str]],
    designs: Mapping[str, AcceleratorTarget],
    together: Together,
    wait_limit: int,
) -> DmaTarget:
    """The DMA `name` of a block design, attached to its designs.

    Args:
        parameters: of the IP, by their names in small letters.
        ends: from (instance, interface) to the one at the other end of the stream (`edgemoe.sim.connections`).
        designs: the simulated designs by instance.

    Raises:
        UserError: it is connected to nothing that is simulated, does not fit, or has a mode that is not simulated.
    """
    channels = []
    for direction in DIRECTIONS:
        settings = Settings.read(name, direction, parameters)
        if settings is None:
            continue
        instance, port = ends.get((name, direction.interface), ("", ""))
        if instance not in designs:
            where = f"{port} of {instance}, which is not simulated" if instance else "nothing"
            raise UserError(
                f"{name}: the hardware description connects its {direction.interface} to {where}; a simulated DMA "
                f"needs a stream of one of {', '.join(designs) or 'no designs'} there."
            )
        channels.append(DmaChannel(name, direction, settings, designs[instance], port))
    if not channels:
        raise UserError(f"{name} has neither direction: c_include_mm2s and c_include_s2mm are 0.")
    for channel in channels:
        channel.design.readers.append(channel)
    return DmaTarget(name, channels, together, wait_limit)
