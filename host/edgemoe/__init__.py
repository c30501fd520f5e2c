# SPDX-License-Identifier: Apache-2.0
"""M3ViT, a vision transformer with mixture of experts, on an FPGA: kernels, compiler, simulation, host.

Importing this package needs NumPy only; torch is imported by `edgemoe.model` and `edgemoe.quant`,
pynq by `edgemoe.runtime` and `edgemoe.sim`.
"""

__version__ = "0.1.0"
