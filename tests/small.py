# SPDX-License-Identifier: Apache-2.0
"""The small network of tests that run a whole one: cheap to train, to simulate and to compare."""

import dataclasses
from typing import Any

from edgemoe.config import ModelConfig, model_preset


def small(**changes: Any) -> ModelConfig:
    """A `nano` of 9 tokens with one dense and one MoE layer, narrow but for its planes; `changes` are fields."""
    sizes = {
        "height": 16,
        "width": 32,
        "layers": 2,
        "dense_hidden": 64,
        "expert_hidden": 32,
        "head_hidden": 32,
    }
    return dataclasses.replace(model_preset("nano"), name="small", **(sizes | changes))
