# SPDX-License-Identifier: Apache-2.0
"""Parameters of the simulated DRAM and what it counts; the fields are those of native/dram.hpp, in order."""

from dataclasses import asdict, dataclass

from edgemoe.errors import UserError


@dataclass(frozen=True)
class DramConfig:
    """The simulated DRAM: a beat of up to `port_bytes` a cycle and port, less refresh and turn-around.

    Its time begins anew with each start of the design (a write of 1 to bit 0 of register 0): cycles of a run
    depend on the run and on these parameters, not on what ran before.
    """

    latency: int = 64
    """Cycles from a burst's address to its first beat."""
    outstanding: int = 16
    """Bursts that a port may have under way, reads and writes apart."""
    refresh_interval: int = 1560
    """Cycles from refresh to refresh (7.8 us at 200 MHz); 0: none."""
    refresh_cycles: int = 70
    """Cycles that a refresh takes (350 ns at 200 MHz)."""
    turnaround: int = 8
    """Cycles lost when the memory changes between reading and writing."""
    dwell: int = 128
    """Cycles that it keeps its direction while the other one waits."""
    stall_percent: int = 0
    """Chance, in percent, that a handshake is held back in a cycle; for tests."""
    seed: int = 0
    """Of the random stalls."""
    port_bytes: int = 16
    """Bytes that a port moves in a cycle, as a port of the processing system does; a wider beat takes several."""

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not isinstance(value, int) or not 0 <= value < 1 << 32:
                raise UserError(f"DRAM: {name} is {value!r}; it must be a whole number from 0 to 2^32 - 1.")
        if not self.port_bytes:
            raise UserError("DRAM: port_bytes is 0; a port must move at least a byte in a cycle.")
        if self.stall_percent > 99:
            raise UserError(f"DRAM: stall_percent is {self.stall_percent}; it must be 0 to 99.")
        if 0 < self.refresh_interval <= self.refresh_cycles:
            raise UserError(
                f"DRAM: refresh_cycles is {self.refresh_cycles} of every refresh_interval = "
                f"{self.refresh_interval} cycles; it must be less, or the memory never answers."
            )


@dataclass(frozen=True)
class PortCounters:
    """What one AXI4 master did since the counters were cleared."""

    read_bytes: int
    write_bytes: int
    read_bursts: int
    write_bursts: int
    read_wait: int
    """Cycles with a read under way in which no beat was taken."""
    write_wait: int
    """Cycles with data offered in which no beat was taken."""
    out_of_range: int
    """Beats outside the memory; each was answered with DECERR."""
    faults: int
    """Beats answered with an error, injected ones included."""
    most_outstanding: int
    """The most read bursts under way at a time."""
