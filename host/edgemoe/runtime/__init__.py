# SPDX-License-Identifier: Apache-2.0
"""The host side of the accelerator: PYNQ driver and inference session, for a board or the simulated one."""

try:
    import pynq as pynq
except ModuleNotFoundError as missing:
    from edgemoe.errors import UserError

    raise UserError(
        f"The driver needs the package {missing.name}, which is not installed. In a checkout `make cosim` installs "
        "it; elsewhere: pip install 'edgemoe[pynq]'."
    ) from None
