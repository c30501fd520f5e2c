# SPDX-License-Identifier: Apache-2.0
"""How many bits the weights of each linear layer have: from patterns of names, and what that takes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from edgemoe.config import ModelConfig
from edgemoe.errors import UserError, shown
from edgemoe.export import default_bits, linear_inputs
from edgemoe.package import specification
from edgemoe.powers import power_layers
from edgemoe.quant.recipe import WIDTHS
from edgemoe.rounding import check_powers_width

Rules = tuple[tuple[str, int], ...]
EXPERTS = ".moe.experts"


def read_rules(texts: Iterable[str]) -> Rules:
    """`8`, `16` or `PATTERN=8|16` each -> (pattern, bits) in order; UserError for anything else.

    A width alone is that of all layers but the patch embedding, which is int16 unless it is named; it comes first,
    wherever it stands.
    """
    general: list[tuple[str, int]] = []
    named: list[tuple[str, int]] = []
    for text in texts:
        pattern, equals, width = text.rpartition("=")
        if width not in map(str, WIDTHS) or (equals and not pattern):
            raise UserError(
                f"--weight-bits {shown(text)} is neither 8 nor 16 nor PATTERN=8|16, as in 'blocks.0.*=16'."
            )
        (named if equals else general).append((pattern, int(width)))
    if len(general) > 1:
        raise UserError(
            "--weight-bits names the width of all layers more than once; give PATTERN=8|16 for some."
        )
    return (*general, *named)


def layer_bits(config: ModelConfig, rules: Rules) -> dict[str, int]:
    """Bits of every linear layer; the last rule that a name matches counts.

    Weights that are powers of two have 8. UserError for a pattern that matches nothing, for one that makes them wider,
    and for widths that differ between the two layers of experts, which run as one command.
    """
    layers, powers = linear_inputs(config), power_layers(config)
    found = {name: default_bits(name) for name in layers}
    for pattern, bits in rules:
        if not pattern:
            found |= {name: bits for name in layers if name not in {"patch_embed", *powers}}
            continue
        matched = [name for name in layers if fnmatchcase(name, pattern)]
        if not matched:
            raise UserError(
                f"--weight-bits {shown(pattern)} matches no layer of model {config.name!r}; its layers are "
                f"{', '.join(layers)}."
            )
        found |= dict.fromkeys(matched, bits)
    for name in sorted(powers):
        check_powers_width(name, found[name])
    for group in groups(config):
        if len({found[name] for name in group}) > 1:
            raise UserError(
                f"{group[0]} would have {found[group[0]]} bits and {group[1]} {found[group[1]]}: experts run as one "
                f"command, so both have one width. Give {group[0].removesuffix('.fc1')}.*=8 or =16."
            )
    return found


def groups(config: ModelConfig) -> list[tuple[str, ...]]:
    """The layers whose width is one choice, in the order of the network."""
    found: dict[str, list[str]] = {}
    for name in linear_inputs(config):
        found.setdefault(name.rpartition(".")[0] if EXPERTS in name else name, []).append(name)
    return [tuple(names) for names in found.values()]


def weight_bytes(config: ModelConfig, bits: Mapping[str, int]) -> int:
    """Bytes of the weights of all linear layers, without biases and scales."""
    return sum(layer_bytes(config, [name]) * width // 8 for name, width in bits.items())


def layer_bytes(config: ModelConfig, names: Sequence[str]) -> int:
    """Bytes of some layers' weights at 8 bits: what 16 bits cost more."""
    specs = specification(config)
    return sum(math.prod(specs[f"{name}.weight"].shape) for name in names)
