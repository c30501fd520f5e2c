# SPDX-License-Identifier: Apache-2.0
"""A batched ray caster for `layout.Scene`: which surface each ray meets, and how far.

Rays are (B,R); coordinates are kept as three separate tensors. One pass per shape slot over all rays keeps the
memory small (a few (B,R) tensors) on any device.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from edgemoe.model.layout import Scene, Shapes

NOTHING, GROUND = -2, -1
_FAR = 1e9
_EPS = 1e-3

Vector = tuple[Tensor, Tensor, Tensor]


@dataclass
class Hits:
    """`distance` (B,R) along the ray (in units of its direction), and `slot` (B,R): index into boxes followed by
    ellipsoids, or GROUND, or NOTHING."""

    distance: Tensor
    slot: Tensor


def camera_rays(scene: Scene, height: int, width: int, shift: tuple[float, float] = (0.0, 0.0)) -> Vector:
    """Directions (B, height * width) through the pixel centres, moved by `shift` = (down, right) pixels.

    A direction's component along the camera's axis is 1, so distances along it are depths.
    """
    device = scene.seeds.device
    down = (torch.arange(height, device=device) + 0.5 + shift[0]) / height - 0.5
    right = ((torch.arange(width, device=device) + 0.5 + shift[1]) / width - 0.5) * (width / height)
    v, u = (grid.reshape(1, -1) for grid in torch.meshgrid(-down, right, indexing="ij"))
    u, v = u / scene.focal[:, None], v / scene.focal[:, None]
    cos_r, sin_r = scene.roll.cos()[:, None], scene.roll.sin()[:, None]
    x, z = u * cos_r - v * sin_r, u * sin_r + v * cos_r
    cos_p, sin_p = scene.pitch.cos()[:, None], scene.pitch.sin()[:, None]
    y, z = cos_p - z * sin_p, sin_p + z * cos_p
    cos_y, sin_y = scene.yaw.cos()[:, None], scene.yaw.sin()[:, None]
    return x * cos_y - y * sin_y, x * sin_y + y * cos_y, z


def _nonzero(x: Tensor) -> Tensor:
    """Keeps slab tests away from 0 * infinity."""
    return torch.where(x.abs() < 1e-6, torch.full_like(x, 1e-6), x)


def _box_entry(low: Tensor, high: Tensor, origin: Vector, inverse: Vector) -> tuple[Tensor, Tensor]:
    """Where rays enter and leave one box per scene; low, high (B,3)."""
    enter = leave = torch.zeros(())
    for axis in range(3):
        t1 = (low[:, axis, None] - origin[axis]) * inverse[axis]
        t2 = (high[:, axis, None] - origin[axis]) * inverse[axis]
        near, far = torch.minimum(t1, t2), torch.maximum(t1, t2)
        enter = near if axis == 0 else torch.maximum(enter, near)
        leave = far if axis == 0 else torch.minimum(leave, far)
    return enter, leave


def _ellipsoid_entry(
    centre: Tensor, radii: Tensor, origin: Vector, direction: Vector
) -> tuple[Tensor, Tensor]:
    """Where rays enter one ellipsoid per scene, and the discriminant (hit when positive)."""
    a = b = c = torch.zeros(())
    for axis in range(3):
        scale = 1 / radii[:, axis, None]
        o = (origin[axis] - centre[:, axis, None]) * scale
        d = direction[axis] * scale
        a, b, c = a + d * d, b + o * d, c + o * o
    discriminant = b * b - a * (c - 1)
    return (-b - discriminant.clamp_min(0).sqrt()) / a, discriminant


def cast(scene: Scene, origin: Vector, direction: Vector) -> Hits:
    """The first surface on each ray."""
    shape = torch.broadcast_shapes(origin[0].shape, direction[0].shape)
    best = torch.full(shape, _FAR, device=scene.seeds.device)
    slot = torch.full(shape, NOTHING, dtype=torch.int16, device=scene.seeds.device)
    inverse = tuple(1 / _nonzero(d) for d in direction)
    boxes, ellipsoids = scene.boxes, scene.ellipsoids
    for n in range(boxes.a.shape[1]):
        enter, leave = _box_entry(boxes.a[:, n], boxes.b[:, n], origin, inverse)  # type: ignore[arg-type]
        hit = (enter < leave) & (enter > _EPS) & (enter < best)
        best, slot = torch.where(hit, enter, best), slot.masked_fill(hit, n)
    for n in range(ellipsoids.a.shape[1]):
        enter, discriminant = _ellipsoid_entry(ellipsoids.a[:, n], ellipsoids.b[:, n], origin, direction)
        hit = (discriminant > 0) & (enter > _EPS) & (enter < best)
        best, slot = torch.where(hit, enter, best), slot.masked_fill(hit, boxes.a.shape[1] + n)
    ground = -origin[2] / _nonzero(direction[2])
    hit = (direction[2] < -1e-6) & (ground < best)
    return Hits(torch.where(hit, ground, best), slot.masked_fill(hit, GROUND).long())


def shadowed(scene: Scene, origin: Vector) -> Tensor:
    """bool (B,R): whether something stands between the points and the sun."""
    blocked = torch.zeros(origin[0].shape, dtype=torch.bool, device=scene.seeds.device)
    direction: Vector = tuple(scene.sun[:, axis, None] for axis in range(3))  # type: ignore[assignment]
    inverse: Vector = tuple(1 / _nonzero(d) for d in direction)  # type: ignore[assignment]
    for n in range(scene.boxes.a.shape[1]):
        enter, leave = _box_entry(scene.boxes.a[:, n], scene.boxes.b[:, n], origin, inverse)
        blocked |= (enter < leave) & (leave > _EPS)
    for n in range(scene.ellipsoids.a.shape[1]):
        shapes = scene.ellipsoids
        enter, discriminant = _ellipsoid_entry(shapes.a[:, n], shapes.b[:, n], origin, direction)
        blocked |= (discriminant > 0) & (enter > _EPS)
    return blocked


def gather(values: Tensor, index: Tensor) -> Tensor:
    """values (B,N,3) at index (B,R) -> (B,R,3)."""
    return values.gather(1, index[..., None].expand(-1, -1, 3))


def normals(scene: Scene, slot: Tensor, point: Tensor, direction: Tensor) -> Tensor:
    """Unit normals (B,R,3) at `point` (B,R,3) on the surfaces `slot`; up for the ground."""
    boxes, ellipsoids = scene.boxes, scene.ellipsoids
    count = boxes.a.shape[1]
    low, high = gather(boxes.a, slot.clamp(0, count - 1)), gather(boxes.b, slot.clamp(0, count - 1))
    # The face that was met is the one nearest to the point, measured in half sizes of the box.
    offset = (point - (low + high) / 2) / (high - low)
    face = torch.nn.functional.one_hot(offset.abs().argmax(-1), 3).float()
    box = face * offset.sign()
    index = (slot - count).clamp(0, ellipsoids.a.shape[1] - 1)
    round_ = (point - gather(ellipsoids.a, index)) / gather(ellipsoids.b, index).square()
    round_ = round_ / round_.norm(dim=-1, keepdim=True).clamp_min(1e-6)
    up = torch.zeros_like(point)
    up[..., 2] = 1
    surface = slot[..., None]
    return torch.where(surface >= count, round_, torch.where(surface >= 0, box, up))


def slot_table(shapes: Shapes, other: Shapes, what: str) -> Tensor:
    """Labels or materials of boxes followed by ellipsoids, (N)."""
    return torch.cat([getattr(shapes, what), getattr(other, what)])
