# SPDX-License-Identifier: Apache-2.0
"""What executes a network: golden (NumPy), csim (the C++ natively), rtl (the Verilated accelerator) and board (PYNQ).

All take the same layer program and memory and give the same `Run`, so any two can be compared.
"""

from edgemoe.backends.backend import Backend, Csim, Golden, open_backend

__all__ = ["Backend", "Csim", "Golden", "open_backend"]
