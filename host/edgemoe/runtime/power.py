# SPDX-License-Identifier: Apache-2.0
"""Power sensors of the board, as PYNQ finds them."""

from __future__ import annotations

import warnings
from typing import Any


def power_watts() -> dict[str, float]:
    """Watts of each rail that tells its power, or voltage and current; {} where no sensor answers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PYNQ warns where libsensors is missing: no sensors, then
        try:
            from pynq.pmbus import get_rails

            rails: dict[str, Any] = get_rails()
        except (ImportError, OSError):
            return {}
        watts = {name: _watts(rail) for name, rail in rails.items()}
    return {name: value for name, value in watts.items() if value is not None}


def _watts(rail: Any) -> float | None:
    try:
        if rail.power is not None:
            return float(rail.power.value)
        if rail.voltage is not None and rail.current is not None:
            return float(rail.voltage.value) * float(rail.current.value)
    except (OSError, ValueError):  # a sensor that is listed but does not answer
        return None
    return None
