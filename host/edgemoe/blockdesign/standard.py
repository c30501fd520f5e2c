# SPDX-License-Identifier: Apache-2.0
"""The registers of AMD's blocks in a design, for PYNQ's `register_map`: AXI DMA 7.1 (PG021) and AXI INTC 4.1 (PG099).

The names are those of the product guides, written as Vivado's hardware descriptions have them; not compared with
one, for want of Vivado.
"""

from __future__ import annotations

from edgemoe.blockdesign.ip import WORD, IpRegister, RegisterField

_CONTROL: tuple[str, ...] = (
    *("RS", "", "Reset", "Keyhole", "Cyclic_BD_Enable"),
    *[""] * 7,
    *("IOC_IrqEn", "Dly_IrqEn", "Err_IrqEn"),
)
_STATUS: tuple[str, ...] = (
    *("Halted", "Idle", "", "SGIncld", "DMAIntErr", "DMASlvErr", "DMADecErr", ""),
    *("SGIntErr", "SGSlvErr", "SGDecErr", "", "IOC_Irq", "Dly_Irq", "Err_Irq"),
)
"""Bits from bit 0 on; those without a name are reserved."""
_ACKNOWLEDGED = frozenset(("IOC_Irq", "Dly_Irq", "Err_Irq"))


def _bits(names: tuple[str, ...], writable: frozenset[str] | None = None) -> tuple[RegisterField, ...]:
    """A field a bit from bit 0 on, but for those without a name; all of them writable unless it is said which."""
    return tuple(
        RegisterField(name, bit, 1, writable is None or name in writable)
        for bit, name in enumerate(names)
        if name
    )


def _whole(name: str, offset: int, meaning: str, field: str, *, writable: bool = True) -> IpRegister:
    return IpRegister(name, offset, meaning, writable, (RegisterField(field, 0, WORD, writable),))


def _channel(name: str, base: int, address: str, meaning: str) -> tuple[IpRegister, ...]:
    """One direction of a DMA; the registers of scatter/gather are there in every mode."""
    counters = (RegisterField("IRQThreshold", 16, 8, True), RegisterField("IRQDelay", 24, 8, True))
    counts = (RegisterField("IRQThresholdSts", 16, 8, False), RegisterField("IRQDelaySts", 24, 8, False))
    current, tail = "Current_Descriptor_Pointer", "Tail_Descriptor_Pointer"
    return (
        IpRegister(f"{name}_DMACR", base, f"{name} control", True, _bits(_CONTROL) + counters),
        IpRegister(f"{name}_DMASR", base + 4, f"{name} status", True, _bits(_STATUS, _ACKNOWLEDGED) + counts),
        _whole(f"{name}_CURDESC", base + 0x08, f"{name} current descriptor, low word", current),
        _whole(f"{name}_CURDESC_MSB", base + 0x0C, f"{name} current descriptor, high word", current),
        _whole(f"{name}_TAILDESC", base + 0x10, f"{name} tail descriptor, low word", tail),
        _whole(f"{name}_TAILDESC_MSB", base + 0x14, f"{name} tail descriptor, high word", tail),
        _whole(f"{name}_{address}", base + 0x18, f"{meaning}, low word", meaning.replace(" ", "_")),
        _whole(f"{name}_{address}_MSB", base + 0x1C, f"{meaning}, high word", meaning.replace(" ", "_")),
        IpRegister(
            f"{name}_LENGTH",
            base + 0x28,
            "Bytes of the transfer",
            True,
            (RegisterField("Length", 0, 26, True),),
        ),
    )


DMA_REGISTERS = _channel("MM2S", 0x00, "SA", "Source Address") + _channel(
    "S2MM", 0x30, "DA", "Destination Address"
)
INTC_REGISTERS = (
    _whole("ISR", 0x00, "Interrupt status", "INT"),
    _whole("IPR", 0x04, "Interrupts pending", "INT", writable=False),
    _whole("IER", 0x08, "Interrupts enabled", "INT"),
    _whole("IAR", 0x0C, "Interrupt acknowledge", "INT"),
    _whole("SIE", 0x10, "Set bits of IER", "INT"),
    _whole("CIE", 0x14, "Clear bits of IER", "INT"),
    _whole("IVR", 0x18, "Number of the first pending interrupt", "IVN", writable=False),
    IpRegister("MER", 0x1C, "Master enable", True, _bits(("ME", "HIE"))),
)
