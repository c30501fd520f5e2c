# SPDX-License-Identifier: Apache-2.0
"""The one table of the shim's intrinsics (``hls/shim/hls_intrinsics.h``) as their mangled names show them."""

from __future__ import annotations

from dataclasses import dataclass

from edgemoe.compiler.frontend.mangled import Identifier, Literal, Width, parts

#: Channels of an AXI master by number.
AXI_CHANNELS = ("ar", "r", "aw", "w", "b")

#: What the twin of an intrinsic is called that takes and returns wide integers directly.
DIRECT = ".v"

_FAMILIES = frozenset({"fifo", "chan", "blk", "call", "arg", "ret", "mul"})


@dataclass(frozen=True, slots=True)
class Intrinsic:
    """``kind``: fifo_read, fifo_write, fifo_empty, fifo_full, chan_read, chan_write, blk_acq, blk_rel, call, arg,
    ret, mul_add or cycle_count; template ``numbers`` and the ``width`` of its data."""

    kind: str
    numbers: tuple[int, ...] = ()
    width: int = 0


def intrinsic(callee: str) -> Intrinsic | None:
    """What a callee means, None if it is no intrinsic of the shim."""
    if "__hls_" not in callee:
        return None
    callee = callee.removesuffix(DIRECT)
    if callee == "__hls_cycle_count":
        return Intrinsic("cycle_count", (), 32)
    known = list(parts(callee))
    name = next((part.name for part in known if isinstance(part, Identifier)), "")
    kind = name.removeprefix("__hls_")
    family = kind.partition("_")[0]
    if kind == name or family not in _FAMILIES:
        return None
    if family in ("call", "ret"):
        return Intrinsic(family)
    numbers = tuple(part.value for part in known if isinstance(part, Literal))
    width = next((part.bits for part in known if isinstance(part, Width)), 1)
    return Intrinsic(kind, numbers, width)
