# SPDX-License-Identifier: Apache-2.0
"""From the float model to the package: calibration, quantisation, profile, figures, ONNX.

Only `ship` (which renders scenes) and `onnx_float` need torch.
"""

from edgemoe.quant.evaluate import evaluate_package, text
from edgemoe.quant.quantise import quantize_checkpoint, quantized

__all__ = ["evaluate_package", "quantize_checkpoint", "quantized", "text"]
