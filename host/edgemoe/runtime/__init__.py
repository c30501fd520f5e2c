# SPDX-License-Identifier: Apache-2.0
"""The host side of the accelerator: PYNQ driver and inference session, for a board or the simulated one."""
