# SPDX-License-Identifier: Apache-2.0
"""The simulated board. Importing this package makes it PYNQ's active device.

A program for a board runs unchanged with `python -m edgemoe.sim program.py`, or after `import edgemoe.sim`.
"""

from importlib.util import find_spec

if find_spec("pynq") is not None:
    from edgemoe.sim.device import SimulatedDevice as SimulatedDevice
    from edgemoe.sim.device import activate as activate

    activate()
