# SPDX-License-Identifier: Apache-2.0
"""What tests of quantisation share: a small random network with images, and the shipped `nano` as floats."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from small import small

from edgemoe.checkpoint import read_checkpoint
from edgemoe.config import ModelConfig
from edgemoe.golden.random_package import random_image, random_state
from edgemoe.images import fitted, read_image
from edgemoe.quant.calibrate import calibrate
from edgemoe.quant.quantise import float_state
from edgemoe.ranges import Ranges

MODELS = Path(__file__).resolve().parents[1] / "models"
State = dict[str, np.ndarray]
SMALL = small(height=32, width=32, dim=32, experts=4)
SHARED_GATE = small(height=32, width=32, dim=32, experts=4, gate="task_embedding")
RNG = np.random.default_rng(4)
IMAGES = [random_image(SMALL, RNG) for _ in range(4)]
UNSEEN = [random_image(SMALL, RNG) for _ in range(4)]


@cache
def state_of(config: ModelConfig = SMALL) -> State:
    return random_state(config, np.random.default_rng(3))


@cache
def ranges_of(config: ModelConfig = SMALL) -> Ranges:
    return calibrate(config, state_of(config), IMAGES)


@cache
def nano() -> tuple[ModelConfig, State, np.ndarray]:
    """Config and weights of the shipped model, and the shipped street at its size."""
    source = read_checkpoint(MODELS / "nano.safetensors")
    return source.config, float_state(source), fitted(read_image(MODELS / "street.png"), source.config)
