# SPDX-License-Identifier: Apache-2.0
"""The position embedding: which tokens have one, and how it gets another size."""

from __future__ import annotations

import numpy as np

from edgemoe.errors import UserError
from edgemoe.imports.named import Float, Named

Size = tuple[int, int]


def position_embedding(tensors: Named, dim: int, prefix: tuple[str, ...], trained: Size, grid: Size) -> Float:
    """Positions (1,T,D) of all tokens, 0 for those that have none. trained, grid: rows and columns of patches."""
    count = tensors.shape("pos_embed", 3)[1]
    position = tensors.take("pos_embed", 1, count, dim)[0]
    patches = trained[0] * trained[1]
    plain = len([token for token in prefix if token != "register"])
    if count - patches not in (0, plain, len(prefix)):
        raise UserError(
            f"{tensors.path}: tensor {tensors.spelt('pos_embed')} holds {count} positions; {trained[0]} x "
            f"{trained[1]} patches take {patches}, or {patches + plain} with the tokens before them. If it was "
            "trained at another size, give that as --trained-size HxW, with --resize-position."
        )
    made = np.zeros((len(prefix) + grid[0] * grid[1], dim))
    with_place = count - patches
    made[:with_place] = position[:with_place]
    made[len(prefix) :] = resized(position[with_place:].reshape(*trained, dim), grid).reshape(-1, dim)
    return made[None]


def resized(grid: Float, size: Size) -> Float:
    """A grid (rows, columns, D) with other rows and columns: bicubic with antialiasing, as timm has it from torch."""
    if grid.shape[:2] == size:
        return grid
    rows, columns = (bicubic(old, new) for old, new in zip(grid.shape[:2], size, strict=True))
    return np.einsum("ij,jkd,lk->ild", rows, grid, columns)


def bicubic(old: int, new: int) -> Float:
    """The matrix (new, old) that resizes one axis: Keys' kernel with a = -0.5, made wider when it gets smaller.

    Corners are not aligned; weights beyond the edge are left out, and the others of a row scaled to sum 1.
    """
    scale = old / new
    width = max(scale, 1.0)
    centre = (np.arange(new)[:, None] + 0.5) * scale
    first = np.maximum((centre - 2 * width + 0.5).astype(np.int64), 0)
    last = np.minimum((centre + 2 * width + 0.5).astype(np.int64), old)
    place = np.arange(old)[None]
    weights = _keys((place - centre + 0.5) / width) * ((place >= first) & (place < last))
    return weights / weights.sum(axis=1, keepdims=True)


def _keys(x: Float, a: float = -0.5) -> Float:
    x = np.abs(x)
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    far = a * (x**3 - 5 * x**2 + 8 * x - 4)
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))
