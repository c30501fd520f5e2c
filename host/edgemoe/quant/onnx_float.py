# SPDX-License-Identifier: Apache-2.0
"""The float model as ONNX: a graph of a task, batch size 1, uint8 pixels in, the head's outputs out."""

from __future__ import annotations

import copy
import logging
import warnings

import onnx
import torch
from torch import Tensor, nn

from edgemoe import __version__
from edgemoe.errors import UserError
from edgemoe.model.experts import settle
from edgemoe.model.m3vit import M3ViT
from edgemoe.quant.graph import PRODUCER
from edgemoe.quant.qdq import OUTPUTS


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


def float_model(model: M3ViT, task: str) -> onnx.ModelProto:
    """The graph of `task`; input "pixels", output as `qdq.OUTPUTS` says."""
    config, model = model.config, copy.deepcopy(model.eval())
    settle(model)
    if task not in config.tasks:
        raise UserError(f"Model {config.name!r} has no task {task!r}; it has {', '.join(config.tasks)}.")
    pixels = torch.zeros(1, 3, config.height, config.width, dtype=torch.uint8)
    # What the exporter says of packages that are not installed, and of its own future, is nothing for a user.
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = torch.onnx.export(
                _OneTask(model, task).eval(), (pixels,), dynamo=True,
                input_names=["pixels"], output_names=[OUTPUTS[config.head]], verbose=False,
            )  # fmt: skip
    finally:
        logger.setLevel(level)
    assert made is not None  # so it is without a path
    graph = made.model_proto
    graph.producer_name, graph.producer_version = PRODUCER, __version__
    return graph
