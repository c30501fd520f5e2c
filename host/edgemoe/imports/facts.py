# SPDX-License-Identifier: Apache-2.0
"""What no tensor says: of options first, then of the files beside the checkpoint, then asked for.

A fact keeps where it is from, so that the report can tell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgemoe.errors import UserError
from edgemoe.imports.geometry import Geometry
from edgemoe.imports.options import Options, parse_normalise

Crop = tuple[str, int]
"""`ModelConfig.resize` and `resize_short`."""


@dataclass
class Known:
    """Facts that the files beside a checkpoint tell, by name: heads, eps, activation, normalise (mean, std), size
    (H,W), resize (a function of the size, as the crop may be a share of it), pool, classes, name, qkv_bias.
    """

    where: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass
class Facts:
    """The facts of one import: each is asked for by name, those that nobody knows are collected."""

    path: Path
    options: Options
    known: Known
    told: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def get(self, name: str, option: str, usual: str, given: Any = None, derived: Any = None) -> Any:
        """The value of a fact, or None if it is asked for.

        option, usual: of the question. given: by the user. derived: what the family's own code fixes: (value, why).
        """
        if given is not None:
            value, origin = given, f"given as {option.split()[0]}"
        elif name in self.known.values:
            value, origin = self.known.values[name], f"from {self.known.where}"
        elif derived is not None:
            value, origin = derived
        else:
            self.asked.append(f"{option} ({usual})")
            return None
        self.told[name] = f"{_text(value)}, {origin}"
        return value

    def check(self) -> None:
        """UserError that asks for all that is missing, at once."""
        if self.asked:
            beside = (
                f"nor does {self.known.where}" if self.known.where else "and no config.json lies beside it"
            )
            raise UserError(
                f"{self.path}: the tensors don't say everything that the network needs, {beside}. Give "
                f"{'; '.join(self.asked)}."
            )


def _text(value: Any) -> str:
    if isinstance(value, tuple) and all(isinstance(part, tuple) for part in value):
        return "mean {} and standard deviation {}".format(*(", ".join(map(str, part)) for part in value))
    if isinstance(value, tuple) and value[0] in ("stretch", "crop"):
        return (
            value[0] if value[0] == "stretch" else f"the middle of an image with a shorter side of {value[1]}"
        )
    if isinstance(value, tuple):
        return (" x " if isinstance(value[0], int) else ", ").join(map(str, value))
    return str(value)


def ask_transformer(facts: Facts, geometry: Geometry, code: dict[str, Any]) -> dict[str, Any]:
    """The facts that every vision transformer needs, by name. code: what the family's code fixes, as `derived`."""
    options, dim = facts.options, geometry.dim
    usual = f"usual at width {dim}: {dim // 64}" if dim % 64 == 0 else "it must divide the width"
    found = {
        "heads": facts.get("heads", "--heads N", usual, options.heads),
        "eps": facts.get(
            "eps", "--eps E", "usual: 1e-6; 1e-12 in Hugging Face's ViT and DeiT", options.eps, code.get("eps")
        ),
        "activation": facts.get(
            "activation", "--activation gelu", "if the MLPs have the exact GELU; no other is supported",
            options.activation, code.get("activation"),
        ),
        "normalise": facts.get(
            "normalise", "--normalise imagenet|inception|none|m,m,m/s,s,s",
            "usual: imagenet for DeiT, DINO and M³ViT, inception for Google's ViT",
            parse_normalise(options.normalise) if options.normalise else None,
        ),
        "size": facts.get("size", "--size HxW", "usual: 224x224", options.size, code.get("size")),
    }  # fmt: skip
    found["resize"] = _resize(facts, found["size"], code)
    return found


def _resize(facts: Facts, size: tuple[int, int] | None, code: dict[str, Any]) -> Crop | None:
    """How an image gets the model's size."""
    options = facts.options
    given = None
    if options.resize == "stretch":
        if options.resize_short is not None:
            raise UserError(
                "--resize-short is for --resize crop; an image that is stretched has no such size."
            )
        given = ("stretch", 0)
    elif options.resize == "crop":
        if options.resize_short is None:
            raise UserError(
                "--resize crop needs --resize-short N, the shorter side before the crop (usual: 256)."
            )
        given = ("crop", options.resize_short)
    rule: Callable[[tuple[int, int]], Crop | None] | None = facts.known.values.pop("resize", None)
    if rule is not None and size is not None and (crop := rule(size)) is not None:
        facts.known.values["resize"] = crop
    question = "--resize stretch|crop, with crop --resize-short N"
    usual = "usual: crop, 256 for 224x224"
    crop = facts.get("resize", question, usual, given, code.get("resize"))
    return None if crop is None else (crop[0], crop[1])
