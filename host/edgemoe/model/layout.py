# SPDX-License-Identifier: Apache-2.0
"""What stands where in a synthetic street: boxes, ellipsoids, light and camera, drawn at random per scene.

World axes in metres: x to the right, y along the street, z up; the ground is z = 0. A street may bend: everything
is shifted by bend * y^2 in x. A slot (a place in the lists of boxes and ellipsoids) has one label and one material
in every scene; a thing that a scene does not have is moved out of sight.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from edgemoe.model.classes import CONSTRUCTION, HUMAN, NATURE, OBJECT, VEHICLE
from edgemoe.model.draws import Draws, power

PLAIN, FACADE, BODY, CABIN, FOLIAGE = range(5)
_AWAY = 1e4  # metres down the street: out of sight

_WALLS = torch.tensor(
    [[0.62, 0.36, 0.26], [0.72, 0.62, 0.46], [0.55, 0.54, 0.52], [0.80, 0.76, 0.68], [0.45, 0.28, 0.22],
     [0.66, 0.55, 0.36], [0.38, 0.40, 0.44], [0.74, 0.48, 0.38], [0.52, 0.58, 0.55]]
)  # fmt: skip
_PAINT = torch.tensor(
    [[0.85, 0.85, 0.85], [0.06, 0.06, 0.07], [0.45, 0.47, 0.50], [0.60, 0.05, 0.05], [0.05, 0.12, 0.45],
     [0.10, 0.30, 0.15], [0.75, 0.60, 0.10], [0.30, 0.20, 0.12], [0.25, 0.28, 0.32]]
)  # fmt: skip
_SIGNS = torch.tensor(
    [[0.7, 0.05, 0.05], [0.05, 0.15, 0.6], [0.8, 0.8, 0.8], [0.8, 0.65, 0.05], [0.08, 0.09, 0.08]]
)


@dataclass
class Shapes:
    """Boxes (a = low corner, b = high corner) or ellipsoids (a = centre, b = radii).

    a, b, colour: float32 (B,N,3); label, material: int64 (N).
    """

    a: Tensor
    b: Tensor
    colour: Tensor
    label: Tensor
    material: Tensor


@dataclass
class Scene:
    """A batch of B scenes; angles in radians, lengths in metres, colours linear in 0..1."""

    boxes: Shapes
    ellipsoids: Shapes
    seeds: Tensor  # int64 (B)
    road: Tensor  # half width of the road, (B)
    pavement: Tensor  # width of each pavement, (B)
    verge: Tensor  # 1 where grass follows the pavement, (B)
    bend: Tensor  # (B)
    crossing: Tensor  # where a zebra crossing begins, (B)
    asphalt: Tensor  # (B,3)
    paving: Tensor  # (B,3)
    camera: Tensor  # position (B,3)
    yaw: Tensor
    pitch: Tensor
    roll: Tensor
    focal: Tensor  # in heights of the picture, (B)
    sun: Tensor  # unit vector towards the sun, (B,3)
    sunlight: Tensor  # (B,3), zero when overcast
    ambient: Tensor  # (B,3)
    sky: Tensor  # (B,3)
    clouds: Tensor  # (B)
    haze: Tensor  # 1/m, (B)
    noise: Tensor  # (B)


@dataclass
class _Collector:
    """Gathers slots; shapes (B,N) per coordinate, turned into `Shapes` at the end."""

    bend: Tensor
    a: list[Tensor] = field(default_factory=list)
    b: list[Tensor] = field(default_factory=list)
    colour: list[Tensor] = field(default_factory=list)
    label: list[int] = field(default_factory=list)
    material: list[int] = field(default_factory=list)

    def put(
        self, a: Tensor, b: Tensor, colour: Tensor, shift: Tensor, label: int, material: int = PLAIN
    ) -> None:
        """a, b, colour (B,N,3); `shift` (B,N) is added to x; N slots of one label and material."""
        a, b = a.clone(), b.clone()
        a[..., 0] += shift
        self.a.append(a)
        self.b.append(b)
        self.colour.append(colour)
        self.label += [label] * a.shape[1]
        self.material += [material] * a.shape[1]

    def shapes(self, device: torch.device) -> Shapes:
        return Shapes(
            torch.cat(self.a, 1),
            torch.cat(self.b, 1),
            torch.cat(self.colour, 1),
            torch.tensor(self.label, device=device),
            torch.tensor(self.material, device=device),
        )


class _Street:
    """The two lists and how things are put into them."""

    def __init__(self, draws: Draws, bend: Tensor) -> None:
        self.draws, self.bend = draws, bend
        self._boxes, self._ellipsoids = _Collector(bend), _Collector(bend)

    def box(self, x: Tensor, y: Tensor, z: Tensor, half: Tensor, length: Tensor, height: Tensor,
            colour: Tensor, label: int, material: int = PLAIN, pivot: Tensor | None = None) -> None:  # fmt: skip
        """Boxes centred at x, from y to y + length, from z to z + height, `half` the width; all (B,N)."""
        shift = self._shift(y if pivot is None else pivot)
        low = torch.stack([x - half + shift, y, z], -1)
        high = torch.stack([x + half + shift, y + length, z + height], -1)
        self._boxes.put(low, high, colour, torch.zeros_like(x), label, material)

    def ellipsoid(self, x: Tensor, y: Tensor, z: Tensor, radii: tuple[Tensor, Tensor, Tensor],
                  colour: Tensor, label: int, material: int = PLAIN) -> None:  # fmt: skip
        """Ellipsoids centred at x, y, z; all (B,N)."""
        self._ellipsoids.put(
            torch.stack([x, y, z], -1), torch.stack(radii, -1), colour, self._shift(y), label, material
        )

    def _shift(self, y: Tensor) -> Tensor:
        return self.bend[:, None] * y.clamp(-20, 100).square()

    def lists(self, device: torch.device) -> tuple[Shapes, Shapes]:
        return self._boxes.shapes(device), self._ellipsoids.shapes(device)


def sample(seeds: Tensor) -> Scene:
    """Draws the scenes of `seeds` (int64, B), on the seeds' device."""
    draws = Draws(seeds)
    U = draws.uniform
    road, pavement = U(low=3.0, high=6.5), U(low=1.2, high=3.5)
    bend = U(low=-0.006, high=0.006) * draws.chance(0.5).float()
    street = _Street(draws, bend)
    for side in (-1, 1):
        _buildings(street, side, road + pavement)
        _street_furniture(street, side, road)
        _trees(street, side, road, pavement)
    _background(street)
    _vehicles(street, road)
    _people(street, road, pavement)
    boxes, ellipsoids = street.lists(seeds.device)
    overcast = draws.chance(0.3).float()
    elevation, azimuth = U(low=0.35, high=1.2), U(low=-3.1, high=3.1)
    sun = torch.stack(
        [azimuth.sin() * elevation.cos(), -azimuth.cos() * elevation.cos(), elevation.sin()], -1
    )
    warm = torch.stack([U(low=0.95, high=1.1), U(low=0.9, high=1.0), U(low=0.7, high=1.0)], -1)
    blue = torch.stack([U(low=0.28, high=0.52), U(low=0.55, high=0.74), U(low=0.80, high=0.98)], -1)
    grey = U(1, low=0.55, high=0.85) * torch.tensor([0.97, 0.99, 1.0], device=seeds.device)
    cloudy = overcast[:, None]
    return Scene(
        boxes=boxes,
        ellipsoids=ellipsoids,
        seeds=seeds,
        road=road,
        pavement=pavement,
        verge=draws.chance(0.4).float(),
        bend=bend,
        crossing=U(low=5.0, high=60.0),
        asphalt=U(1, low=0.12, high=0.30) * U(3, low=0.94, high=1.06),
        paving=U(1, low=0.28, high=0.55) * U(3, low=0.92, high=1.05),
        camera=torch.stack([U(low=-1.8, high=1.8), torch.zeros_like(road), U(low=1.2, high=2.2)], -1),
        yaw=U(low=-0.18, high=0.18),
        pitch=U(low=-0.12, high=0.05),
        roll=U(low=-0.025, high=0.025),
        focal=U(low=0.8, high=1.2),
        sun=sun,
        sunlight=warm * U(1, low=0.7, high=1.2) * (1 - cloudy),
        ambient=(blue * 0.5 + 0.4) * U(1, low=0.5, high=0.85) * (1 + 0.7 * cloudy),
        sky=blue * (1 - cloudy) + grey * cloudy,
        clouds=U(low=0.0, high=0.5),
        haze=U().pow(2) * 0.015,
        noise=U(low=0.0, high=0.035),
    )


def _buildings(street: _Street, side: int, edge: Tensor) -> None:
    """A row of houses along one side, with gaps, and garden walls in front of some of the gaps."""
    draws, n = street.draws, 8
    length = draws.uniform(n, low=5.0, high=16.0)
    gap = draws.uniform(n).pow(3) * 12
    start = draws.uniform(1, low=-8.0, high=4.0) + torch.cumsum(length + gap, 1) - length
    half = draws.uniform(n, low=3.0, high=6.0)
    setback = draws.uniform(1).pow(2) * 5 + draws.uniform(n) * draws.uniform(1) * 2
    height = draws.uniform(1, low=4.0, high=13.0) * draws.uniform(n, low=0.6, high=1.5)
    colour = draws.pick(_WALLS, n) * draws.uniform(n, 1, low=0.7, high=1.15)
    zero = torch.zeros_like(start)
    street.box(
        side * (edge[:, None] + setback + half),
        start,
        zero,
        half,
        length,
        height,
        colour,
        CONSTRUCTION,
        FACADE,
    )
    wall = draws.uniform(2, low=0.0, high=60.0) + _AWAY * draws.chance(0.5, 2).float()
    street.box(
        side * (edge[:, None] + draws.uniform(2, low=0.2, high=1.0)), wall, zero[:, :2], zero[:, :2] + 0.12,
        draws.uniform(2, low=3.0, high=12.0), draws.uniform(2, low=0.7, high=1.8),
        draws.pick(_WALLS, 2) * 0.8, CONSTRUCTION,
    )  # fmt: skip


def _background(street: _Street) -> None:
    """Houses and woods across the end of the street."""
    draws = street.draws
    for label, material, n, colours in ((CONSTRUCTION, FACADE, 3, _WALLS), (NATURE, FOLIAGE, 2, None)):
        x = draws.uniform(n, low=-45.0, high=45.0)
        y = draws.uniform(n, low=55.0, high=110.0)
        height = (
            draws.uniform(n, low=5.0, high=20.0)
            if material == FACADE
            else draws.uniform(n, low=3.0, high=9.0)
        )
        colour = draws.pick(colours, n) if colours is not None else _green(draws, n)
        zero = torch.zeros_like(x)
        street.box(
            x, y, zero, draws.uniform(n, low=6.0, high=22.0), zero + 8, height, colour, label, material
        )


def _street_furniture(street: _Street, side: int, road: Tensor) -> None:
    """Lamp posts and sign posts with their boards, at the kerb."""
    draws, n = street.draws, 5
    x = side * (road[:, None] + draws.uniform(n, low=0.25, high=1.0))
    y = 4 + 36 * power(draws.uniform(n), 1.5) + _AWAY * draws.chance(0.25, n).float()
    height = draws.uniform(n, low=2.4, high=6.0)
    radius = draws.uniform(n, low=0.06, high=0.16)
    zero = torch.zeros_like(x)
    metal = draws.uniform(n, 1, low=0.08, high=0.45).expand(-1, -1, 3)
    street.box(x, y, zero, radius, 2 * radius, height, metal, OBJECT)
    half = draws.uniform(n, low=0.22, high=0.55)
    tall = draws.uniform(n, low=0.4, high=1.1)
    colour = draws.pick(_SIGNS, n) * draws.uniform(n, 1, low=0.7, high=1.1)
    street.box(x, y - 0.1, height - tall, half, zero + 0.1, tall, colour, OBJECT, pivot=y)


def _green(draws: Draws, n: int) -> Tensor:
    """Leaf colours (B,n,3)."""
    light = draws.uniform(n, low=0.12, high=0.36)
    return torch.stack(
        [light * draws.uniform(n, low=0.35, high=0.95), light, light * draws.uniform(n, low=0.12, high=0.45)],
        -1,
    )


def _trees(street: _Street, side: int, road: Tensor, pavement: Tensor) -> None:
    """Trees (a trunk and two lobes of leaves) and bushes."""
    draws, n = street.draws, 4
    x = side * (
        road[:, None] + draws.uniform(n, low=0.8, high=1.0) * pavement[:, None] + draws.uniform(n) ** 2 * 5
    )
    y = 5 + 45 * draws.uniform(n) + _AWAY * draws.chance(0.4, n).float()
    trunk, radius = draws.uniform(n, low=1.8, high=3.5), draws.uniform(n, low=1.0, high=2.6)
    thick = draws.uniform(n, low=0.1, high=0.25)
    bark = draws.uniform(n, 1, low=0.5, high=1.2) * torch.tensor([0.22, 0.16, 0.10], device=x.device)
    street.box(x, y - thick, torch.zeros_like(x), thick, 2 * thick, trunk + 0.5 * radius, bark, NATURE)
    leaves = _green(draws, n)
    for up, out in ((0.7, 1.0), (1.5, 0.75)):
        lean = draws.uniform(n, low=-0.4, high=0.4) * radius
        size = radius * out
        street.ellipsoid(x + lean, y, trunk + up * radius, (size, size, size * 0.85), leaves, NATURE, FOLIAGE)
    width = draws.uniform(2, low=0.5, high=1.6)
    street.ellipsoid(
        side * (road + pavement)[:, None] + side * draws.uniform(2, low=0.3, high=2.0),
        draws.uniform(2, low=4.0, high=40.0) + _AWAY * draws.chance(0.4, 2).float(),
        0.4 * width, (width, width, 0.8 * width), _green(draws, 2), NATURE, FOLIAGE,
    )  # fmt: skip


def _vehicles(street: _Street, road: Tensor) -> None:
    """Cars and some vans and buses, driving or parked at the kerb."""
    draws, n = street.draws, 7
    side = draws.chance(0.5, n).float() * 2 - 1
    parked = draws.chance(0.45, n)
    lane = torch.where(
        parked, road[:, None] - 1.1, road[:, None] * 0.45 + draws.uniform(n, low=-0.4, high=0.4)
    )
    x, y = side * lane, 6 + 44 * power(draws.uniform(n), 1.3) + _AWAY * draws.chance(0.25, n).float()
    large = draws.chance(0.18, n).float()
    half = draws.uniform(n, low=0.82, high=0.95) + large * 0.25
    length = draws.uniform(n, low=3.8, high=4.8) + large * 3.5
    height = draws.uniform(n, low=0.62, high=0.80) + large * draws.uniform(n, low=0.9, high=2.0)
    paint = draws.pick(_PAINT, n) * draws.uniform(n, 1, low=0.75, high=1.1)
    street.box(x, y, torch.full_like(x, 0.2), half, length, height, paint, VEHICLE, BODY)
    roof = draws.uniform(n, low=0.42, high=0.6) * (1 - large) + 0.05
    street.box(
        x, y + 0.18 * length, 0.2 + height, half * 0.86, 0.6 * length, roof, paint, VEHICLE, CABIN, pivot=y
    )


def _people(street: _Street, road: Tensor, pavement: Tensor) -> None:
    """People on the pavements, some on the road: legs, trunk and head."""
    draws, n = street.draws, 8
    side = draws.chance(0.5, n).float() * 2 - 1
    across = torch.where(
        draws.chance(0.7, n),
        side * (road[:, None] + draws.uniform(n) * pavement[:, None]),
        draws.uniform(n, low=-1.0, high=1.0) * road[:, None],
    )
    y = 4 + 22 * power(draws.uniform(n), 1.4) + _AWAY * draws.chance(0.3, n).float()
    tall = draws.uniform(n, low=1.45, high=1.95)
    broad = draws.uniform(n, low=0.20, high=0.29)
    trousers = draws.uniform(n, 3, low=0.03, high=0.35)
    shirt = draws.uniform(n, 3, low=0.05, high=0.8)
    skin = draws.uniform(n, 1, low=0.25, high=1.0) * torch.tensor([0.72, 0.5, 0.4], device=y.device)
    for foot in (-0.5, 0.5):
        leg = (0.42 * broad, 0.42 * broad, 0.27 * tall)
        street.ellipsoid(across + foot * broad, y, 0.25 * tall, leg, trousers, HUMAN)
    street.ellipsoid(across, y, 0.64 * tall, (broad, 0.65 * broad, 0.22 * tall), shirt, HUMAN)
    street.ellipsoid(across, y, 0.92 * tall, (0.07 * tall, 0.07 * tall, 0.085 * tall), skin, HUMAN)
