# SPDX-License-Identifier: Apache-2.0
"""The float model as ONNX: one graph per task, batch size 1, uint8 pixels in, the head's maps out.

python -m edgemoe.quant.onnx_export models/nano.safetensors build/onnx
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch import Tensor, nn

from edgemoe import faults
from edgemoe.errors import UserError
from edgemoe.model.checkpoint import load_checkpoint
from edgemoe.model.m3vit import M3ViT


class _OneTask(nn.Module):
    """The network of one task from pixels: uint8 (1,3,height,width) -> float32 (1,maps,height,width), of a head of
    classes their scores (1,classes), without a head the features (1,T,D)."""

    def __init__(self, model: M3ViT, task: str) -> None:
        super().__init__()
        self.model, self.task = model, task

    def forward(self, pixels: Tensor) -> Tensor:
        prediction = self.model(pixels.float() / 256, self.task)
        made: Tensor = prediction.features if self.model.config.head == "none" else prediction.maps
        return made


def export_onnx(model: M3ViT, task: str, path: Path) -> None:
    """Writes the graph of `task`; input "pixels", output "maps", "scores" or "features"."""
    config = model.config
    if task not in config.tasks:
        raise UserError(f"No task is named {task!r}; there are {', '.join(config.tasks)}.")
    made = {"pixels": "maps", "classes": "scores", "none": "features"}[config.head]
    pixels = torch.zeros(1, 3, config.height, config.width, dtype=torch.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        _OneTask(model.eval(), task).eval(), (pixels,), path, dynamo=True, external_data=False,
        input_names=["pixels"], output_names=[made], verbose=False,
    )  # fmt: skip


def export_tasks(checkpoint: Path, folder: Path) -> list[Path]:
    """Writes <model>.<task>.onnx for every task of a checkpoint."""
    model, _ = load_checkpoint(checkpoint)
    paths = [folder / f"{model.config.name}.{task}.onnx" for task in model.config.tasks]
    for task, path in zip(model.config.tasks, paths, strict=True):
        export_onnx(model, task, path)
    return paths


def main() -> None:
    """The command line's."""
    export_tasks(Path(sys.argv[1]), Path(sys.argv[2]))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(str(__doc__))
    faults.end(main)
