# SPDX-License-Identifier: Apache-2.0
"""M3ViT, a vision transformer with mixture of experts, on an FPGA: kernels, compiler, simulation, host.

Importing this package loads none of its parts; torch is imported by `edgemoe.model` and `edgemoe.quant`, pynq by
`edgemoe.runtime` and `edgemoe.sim`. `edgemoe.Accelerator` is loaded when it is first named.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgemoe.runtime.accelerator import Accelerator

__version__ = "0.1.0"
__all__ = ["Accelerator", "__version__"]


def __getattr__(name: str) -> Any:
    if name != "Accelerator":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from edgemoe.runtime.accelerator import Accelerator

    globals()[name] = Accelerator
    return Accelerator


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
