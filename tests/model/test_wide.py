# SPDX-License-Identifier: Apache-2.0
"""Networks with other tokens, tasks, layers and heads: the float model of NumPy follows PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from wide import WIDE

from edgemoe.golden.model import forward
from edgemoe.golden.random_package import random_image, random_state
from edgemoe.model.m3vit import M3ViT


@pytest.mark.parametrize("name", WIDE)
def test_numpy_follows_torch(name: str) -> None:
    config, rng = WIDE[name], np.random.default_rng(3)
    state, image = random_state(config, rng), random_image(config, rng)
    model = M3ViT(config).eval().double()
    model.load_state_dict({key: torch.from_numpy(np.asarray(value)) for key, value in state.items()})
    pixels = torch.from_numpy(image).permute(2, 0, 1)[None].double() / 256
    for task in config.tasks:
        exact = forward(config, state, image, task)
        with torch.no_grad():
            there = model(pixels, task)
        np.testing.assert_allclose(there.features[0].numpy(), exact["features"], atol=1e-9)
        if config.head == "classes":
            np.testing.assert_allclose(there.maps.numpy(), exact[f"heads.{task}.out"], atol=1e-9)
