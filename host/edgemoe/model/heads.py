# SPDX-License-Identifier: Apache-2.0
"""The light heads: LayerNorm, linear + GELU, linear from each token to the pixels of its patch.

The convolutional heads of the published model cost several times the whole backbone; these are three more layers
of the kinds that the accelerator runs anyway. Output row r of `fc2` belongs to map r // P^2 and, inside the
patch, to pixel (y, x) = (r % P^2 // P, r % P).

* segmentation: one map of logits per class; the label is the largest, ties to the lower class.
* depth: one map, linear in metres: metres = near + (far - near) * map, clipped to [near, far]. Linear, because
  the reported error is in metres, and because a host decodes it exactly from a scaled integer.
"""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from edgemoe.config import ModelConfig


class Head(nn.Module):
    """Tokens to pixels, patch by patch."""

    def __init__(self, config: ModelConfig, task: str) -> None:
        super().__init__()
        outputs = config.head_outputs(task)
        self.first, self.grid = len(config.prefix), config.grid
        self.patch, self.maps = config.patch, outputs // config.patch**2
        self.norm = nn.LayerNorm(config.dim, config.eps)
        self.fc1 = nn.Linear(config.dim, config.head_hidden)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(config.head_hidden, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Tokens (B,T,D) -> maps (B, maps, height, width)."""
        B, P = len(x), self.patch
        rows, columns = self.grid
        y = self.fc2(self.act(self.fc1(self.norm(x[:, self.first :]))))
        y = y.view(B, rows, columns, self.maps, P, P).permute(0, 3, 1, 4, 2, 5)
        return y.reshape(B, self.maps, rows * P, columns * P)


class ClassesHead(nn.Module):
    """The image's class: LayerNorm, what the pool sees of the tokens, a linear layer."""

    def __init__(self, config: ModelConfig, task: str) -> None:
        super().__init__()
        self.pool, self.first = config.pool, len(config.prefix)
        self.norm = nn.LayerNorm(config.dim, config.eps)
        self.fc = nn.Linear(config.pooled, config.head_outputs(task))

    def forward(self, x: Tensor) -> Tensor:
        """Tokens (B,T,D) -> scores (B, classes)."""
        y = self.norm(x)
        if self.pool == "mean":
            return cast(Tensor, self.fc(y[:, self.first :].mean(1)))
        tokens = 2 if self.pool == "distilled" else 1
        return cast(Tensor, self.fc(y[:, :tokens].flatten(1)))


def depth_metres(maps: Tensor, depth_range: tuple[float, float]) -> Tensor:
    """Depth maps (B,1,height,width) -> metres (B,height,width), not clipped."""
    near, far = depth_range
    return near + (far - near) * maps[:, 0]


def decode_depth(maps: Tensor, depth_range: tuple[float, float]) -> Tensor:
    """Depth maps (B,1,height,width) -> metres (B,height,width) within the range."""
    return depth_metres(maps, depth_range).clamp(*depth_range)


def decode_segmentation(maps: Tensor) -> Tensor:
    """Logits (B,classes,height,width) -> labels (B,height,width)."""
    return maps.argmax(1)
