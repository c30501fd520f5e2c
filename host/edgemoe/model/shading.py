# SPDX-License-Identifier: Apache-2.0
"""Colours of the surfaces: materials, textures, sun, shadows, haze, sky."""

from __future__ import annotations

import torch
from torch import Tensor

from edgemoe.model import layout
from edgemoe.model.draws import hash32, unit
from edgemoe.model.layout import Scene
from edgemoe.model.raycast import GROUND, NOTHING, Hits, Vector, gather, normals, shadowed, slot_table


def lattice(seeds: Tensor, *cells: Tensor) -> Tensor:
    """One random value in [0, 1) per integer cell (any number of coordinates, each (B,R)) and scene."""
    key = hash32(seeds * 0x2545F491 + 77)[:, None]
    for cell in cells:
        key = hash32(key ^ (cell.long() * 0x27D4EB2F))
    return unit(key)


def noise(seeds: Tensor, x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """Smooth value noise in [0, 1) with features of size 1; coordinates (B,R)."""
    corners = []
    for coordinate in (x, y, z):
        cell = coordinate.floor()
        t = coordinate - cell
        corners.append((cell, t * t * (3 - 2 * t)))
    (cx, tx), (cy, ty), (cz, tz) = corners
    value = torch.zeros_like(x)
    for corner in range(8):
        i, j, k = corner & 1, corner >> 1 & 1, corner >> 2
        weight = (tx if i else 1 - tx) * (ty if j else 1 - ty) * (tz if k else 1 - tz)
        value = value + weight * lattice(seeds, cx + i, cy + j, cz + k)
    return value


def _blend(colour: Tensor, other: Tensor, amount: Tensor) -> Tensor:
    """Mixes `other` (B,R,3) or (3) into colour (B,R,3) by `amount` (B,R), bool or 0..1."""
    amount = amount.float()[..., None]
    return colour * (1 - amount) + other * amount


def _tone(colour: Tensor, *rgb: float) -> Tensor:
    return torch.tensor(rgb, device=colour.device)


def _ground(scene: Scene, x: Tensor, y: Tensor) -> Tensor:
    """Road with its markings, kerb, pavement of slabs, and grass or paving beyond; (B,R) -> (B,R,3)."""
    across = x - scene.bend[:, None] * y.clamp(-20, 100).square()
    side, road = across.abs(), scene.road[:, None]
    pavement_end = road + scene.pavement[:, None]
    slab = (across * 1.1).frac().abs().lt(0.06) | (y * 1.1).frac().abs().lt(0.06)
    colour = scene.paving[:, None] * (1 - 0.25 * slab.float())[..., None]
    grass = (side > pavement_end) & (scene.verge[:, None] > 0)
    colour = _blend(colour, _tone(x, 0.10, 0.20, 0.05), grass)
    colour = _blend(colour, scene.asphalt[:, None].expand_as(colour), side < road)
    dashes = (side < 0.09) & ((y / 6).frac().abs() < 0.5)
    edge = ((side - road + 0.35).abs() < 0.06) & (scene.asphalt[:, None, 0] > 0.2)
    start = scene.crossing[:, None]
    zebra = (y > start) & (y < start + 3) & (side < road - 0.5) & ((across + 50).remainder(1.0) < 0.5)
    colour = _blend(colour, _tone(x, 0.75, 0.75, 0.72), dashes | edge | zebra)
    return _blend(colour, _tone(x, 0.42, 0.42, 0.40), (side >= road) & (side < road + 0.18))


def _facade(
    scene: Scene, colour: Tensor, point: Tensor, normal: Tensor, slot: Tensor, low: Tensor, high: Tensor
) -> Tensor:
    """Rows of windows, a ground floor, a cornice; roofs stay plain."""
    along = torch.where(normal[..., 0].abs() > 0.5, point[..., 1] - low[..., 1], point[..., 0] - low[..., 0])
    up = point[..., 2]
    wide = 1.6 + 1.6 * lattice(scene.seeds, slot, torch.full_like(slot, 1))
    tall = 2.6 + 0.8 * lattice(scene.seeds, slot, torch.full_like(slot, 2))
    share = 0.35 + 0.35 * lattice(scene.seeds, slot, torch.full_like(slot, 3))
    column, floor = (along / wide).floor(), (up / tall).floor()
    u, v = along / wide - column, up / tall - floor
    wall = normal[..., 2].abs() < 0.5
    pane = wall & ((u - 0.5).abs() < share / 2) & (v > 0.28) & (v < 0.82) & (up < high[..., 2] - 0.6)
    lit = lattice(scene.seeds, slot, column, floor)
    glass = _tone(colour, 0.05, 0.07, 0.10) + 0.35 * (lit**3)[..., None] * scene.sky[:, None]
    shop = wall & (floor == 0) & (share > 0.5)
    colour = _blend(colour, colour * 0.55, shop)
    colour = _blend(colour, glass, pane)
    return _blend(colour, colour * 0.6, wall & (up > high[..., 2] - 0.35))


def _body(colour: Tensor, point: Tensor, normal: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Wheels on the sides, lamps and a number plate at the ends, windows on large vehicles."""
    along, up = point[..., 1] - low[..., 1], point[..., 2]
    length = high[..., 1] - low[..., 1]
    large = high[..., 2] > 1.2
    side = normal[..., 0].abs() > 0.5
    wheel = (
        torch.minimum((along - 0.18 * length).abs(), (along - 0.80 * length).abs()).square()
        + (up - 0.33).square()
    )
    colour = _blend(colour, _tone(colour, 0.03, 0.03, 0.03), side & (wheel < 0.33**2))
    colour = _blend(colour, _tone(colour, 0.05, 0.06, 0.08), large & (up > 1.25) & (up < high[..., 2] - 0.35))
    end = normal[..., 1].abs() > 0.5
    middle = (point[..., 0] - (low[..., 0] + high[..., 0]) / 2).abs() / (high[..., 0] - low[..., 0])
    colour = _blend(colour, _tone(colour, 0.55, 0.03, 0.02), end & (middle > 0.34) & (up > 0.65) & (up < 0.9))
    colour = _blend(colour, _tone(colour, 0.75, 0.75, 0.70), end & (middle < 0.14) & (up > 0.45) & (up < 0.6))
    return _blend(colour, _tone(colour, 0.04, 0.04, 0.04), up < 0.32)


def _cabin(colour: Tensor, point: Tensor, normal: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Glass all round below a painted roof."""
    v = (point[..., 2] - low[..., 2]) / (high[..., 2] - low[..., 2])
    return _blend(colour, _tone(colour, 0.06, 0.08, 0.10), (normal[..., 2] < 0.5) & (v > 0.1) & (v < 0.85))


def surface_colour(scene: Scene, hits: Hits, point: Tensor, normal: Tensor) -> Tensor:
    """Unlit colours (B,R,3)."""
    boxes, ellipsoids = scene.boxes, scene.ellipsoids
    count = boxes.a.shape[1]
    slot = hits.slot
    index = slot.clamp_min(0)
    material = slot_table(boxes, ellipsoids, "material")[index].masked_fill(slot < 0, layout.PLAIN)
    colour = gather(torch.cat([boxes.colour, ellipsoids.colour], 1), index)
    low, high = gather(boxes.a, index.clamp_max(count - 1)), gather(boxes.b, index.clamp_max(count - 1))
    x, y, z = point.unbind(-1)

    def where(kind: int, painted: Tensor) -> Tensor:
        return torch.where((material == kind)[..., None], painted, colour)

    colour = where(layout.FACADE, _facade(scene, colour, point, normal, slot, low, high))
    colour = where(layout.BODY, _body(colour, point, normal, low, high))
    colour = where(layout.CABIN, _cabin(colour, point, normal, low, high))
    colour = torch.where((slot == GROUND)[..., None], _ground(scene, x, y), colour)
    coarse = noise(scene.seeds, x * 1.7, y * 1.7, z * 1.7)
    fine = noise(scene.seeds, x * 7, y * 7, z * 7)
    leaves = material == layout.FOLIAGE
    strength = torch.where(leaves, 0.75, 0.16)
    return colour * (1 + strength * (1.2 * coarse + 0.8 * fine - 1))[..., None]


def sky_colour(scene: Scene, direction: Vector) -> Tensor:
    """Brighter towards the horizon, with clouds; (B,R,3)."""
    x, y, z = direction
    rise = (z / (x * x + y * y + z * z).sqrt()).clamp(0, 1)
    colour = scene.sky[:, None] * (1.1 - 0.45 * rise)[..., None]
    scale = 1 / (z.clamp_min(0) + 0.25)
    cloud = 0.65 * noise(scene.seeds, x * scale, y * scale, z * 0 + 5)
    cloud = cloud + 0.35 * noise(scene.seeds, x * scale * 3, y * scale * 3, z * 0 + 9)
    return _blend(
        colour, _tone(z, 0.92, 0.93, 0.95), ((cloud - 0.75 + scene.clouds[:, None]) * 3).clamp(0, 1)
    )


def shade(scene: Scene, hits: Hits, origin: Vector, direction: Vector) -> Tensor:
    """What the camera sees along the rays: display colours (B,R,3) in 0..1, without sensor noise."""
    nothing = (hits.slot == NOTHING)[..., None]
    distance = hits.distance.clamp_max(500.0)
    point = torch.stack([o + d * distance for o, d in zip(origin, direction, strict=True)], -1)
    normal = normals(scene, hits.slot, point, torch.stack(direction, -1))
    colour = surface_colour(scene, hits, point, normal)
    lifted = (point + normal * 0.01).unbind(-1)
    towards_sun = (normal * scene.sun[:, None]).sum(-1).clamp_min(0)
    sunny = towards_sun * (~shadowed(scene, lifted)).float()  # type: ignore[arg-type]
    ambient = scene.ambient[:, None] * (0.7 + 0.3 * normal[..., 2:])
    colour = colour * (ambient + scene.sunlight[:, None] * sunny[..., None])
    veil = 1 - (-scene.haze[:, None] * distance).exp()
    colour = _blend(colour, scene.sky[:, None].expand_as(colour), veil)
    colour = torch.where(nothing, sky_colour(scene, direction), colour)
    return colour.clamp(0, 1).pow(0.75)
