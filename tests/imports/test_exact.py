# SPDX-License-Identifier: Apache-2.0
"""What is imported computes what timm and Hugging Face compute: to rounding of float32 weights, on what
make_fixtures.py kept of those libraries.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgemoe.checkpoint import read_checkpoint
from edgemoe.golden.model import forward
from edgemoe.imports import Options, import_checkpoint

FIXTURES = Path(__file__).parent / "fixtures"
NAMES = sorted(path.name for path in FIXTURES.iterdir())
GIVEN = {"hf-vit-features": Options(normalise="0.5,0.4,0.6/0.5,0.25,0.3", resize="stretch")}
"""What config.json of a network does not say."""


def imported(name: str, tmp_path: Path, options: Options | None = None) -> tuple[dict[str, Any], Any]:
    out = tmp_path / "out.safetensors"
    report = import_checkpoint(
        FIXTURES / name / "model.safetensors", out, options or GIVEN.get(name, Options())
    )
    return report, read_checkpoint(out)


def difference(got: np.ndarray, expected: np.ndarray) -> float:
    """Largest error as a share of the largest value."""
    assert got.shape == expected.shape
    return float(np.abs(got - expected).max() / np.abs(expected).max())


@pytest.mark.parametrize("name", NAMES)
def test_same_numbers(name: str, tmp_path: Path) -> None:
    _, checkpoint = imported(name, tmp_path)
    expected = np.load(FIXTURES / name / "expected.npz")
    state = {tensor: array.astype(np.float64) for tensor, array in checkpoint.tensors.items()}
    task = checkpoint.config.tasks[0]
    tensors = forward(checkpoint.config, state, expected["image"], task)
    assert difference(tensors["features"], expected["features"]) < 1e-6
    if checkpoint.config.head == "classes":
        assert difference(tensors[f"heads.{task}.out"][0], expected["scores"]) < 1e-6
    assert ("scores" in expected) == (checkpoint.config.head == "classes")


def test_every_kind_is_there() -> None:
    assert len(NAMES) == 12
