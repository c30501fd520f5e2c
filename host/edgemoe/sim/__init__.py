# SPDX-License-Identifier: Apache-2.0
"""The simulated board. Importing this package makes it PYNQ's active device.

A program for a board runs unchanged with `python -m edgemoe.sim program.py`, or after `import edgemoe.sim`.
Without pynq the package can be imported all the same, for building simulations; `activate` then says what is missing.
"""

from typing import NoReturn

from edgemoe.errors import UserError

try:
    from edgemoe.sim.device import SimulatedDevice as SimulatedDevice
    from edgemoe.sim.device import activate as activate
except ModuleNotFoundError as missing:
    if not (missing.name or "").startswith("pynq"):
        raise
    _missing = missing.name

    def activate() -> NoReturn:  # type: ignore[misc]
        """`UserError`: there is no PYNQ to be the device of."""
        raise UserError(
            f"The simulated board needs the package {_missing}, which is not installed. In a checkout `make cosim` "
            "installs it; elsewhere: pip install 'edgemoe[cosim]'."
        )

else:
    activate()
