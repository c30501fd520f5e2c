# SPDX-License-Identifier: Apache-2.0
"""The one table of the shim's intrinsics (``hls/shim/hls_intrinsics.h``) as their mangled names show them."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Channels of an AXI master by number.
AXI_CHANNELS = ("ar", "r", "aw", "w", "b")

#: What the twin of an intrinsic is called that takes and returns wide integers directly.
DIRECT = ".v"

_NAME = re.compile(r"_Z\d+__hls_(fifo|chan|blk|call|arg|ret)_?(read|write|empty|full|acq|rel)?(.*)$")
_NUMBERS = re.compile(r"L[ib](\d+)E")
_WIDTH = re.compile(r"D[UB](\d+)_")


@dataclass(frozen=True, slots=True)
class Intrinsic:
    """``kind``: fifo_read, fifo_write, fifo_empty, fifo_full, chan_read, chan_write, blk_acq, blk_rel, call, arg,
    ret or cycle_count; template ``numbers`` and the ``width`` of its data."""

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
    found = _NAME.match(callee)
    if not found:
        return None
    family, action, rest = found.groups()
    if family in ("call", "ret"):
        return Intrinsic(family)
    template = rest[: rest.find("E", max((m.end() for m in _NUMBERS.finditer(rest)), default=0))]
    width = _WIDTH.search(rest)
    numbers = tuple(int(n) for n in _NUMBERS.findall(template + "E"))
    bits = int(width[1]) if width else 1
    return Intrinsic(f"{family}_{action}" if action else family, numbers, bits)
