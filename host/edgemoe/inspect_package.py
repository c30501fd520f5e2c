# SPDX-License-Identifier: Apache-2.0
"""What a package holds, for programs and for a person."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgemoe import package
from edgemoe.progress import Progress
from edgemoe.shipped import named_package

SHOWN = 10
"""Entries of a list that are shown."""


def contents(path: Path) -> dict[str, Any]:
    """Geometry, provenance and linear layers of a package or of a shipped model, as plain data."""
    loaded = package.load(named_package(path, Progress().note))
    layers = []
    for name, tensor in loaded.tensors.items():
        layer = name.removesuffix(".weight")
        if layer != name and f"{layer}.bias" in loaded.tensors and tensor.ndim > 1:
            sizes = {"bits": 8 * tensor.itemsize, "bytes": tensor.nbytes}
            layers.append({"name": layer, "shape": list(tensor.shape), **sizes})
    return {
        "package": str(path),
        "sha256": loaded.sha256,
        "config": dataclasses.asdict(loaded.config),
        "linear_layers": layers,
        "weight_bytes": sum(layer["bytes"] for layer in layers),
        "provenance": loaded.provenance,
    }


def describe(found: Mapping[str, Any]) -> str:
    """The same as text for a person, one fact a line."""
    config = found["config"]
    lines = [f"{found['package']}: model {config['name']}", f"sha256 {found['sha256']}", "", "Geometry"]
    lines += [f"  {key:<16}{_value(value)}" for key, value in config.items() if key != "name"]
    lines += ["", "Linear layers" + " " * 27 + "shape              bits  weight bytes"]
    for layer in found["linear_layers"]:
        shape = "×".join(map(str, layer["shape"]))
        lines.append(f"  {layer['name']:<38}{shape:<18}{layer['bits']:>5}{layer['bytes']:>14}")
    lines.append(f"  {'total':<38}{'':<18}{'':>5}{found['weight_bytes']:>14}")
    if found["provenance"]:
        lines += ["", "Provenance", json.dumps(found["provenance"], indent=2)]
    return "\n".join(lines)


def _value(value: Any) -> str:
    """A field's value; of a long list its beginning."""
    if isinstance(value, list | tuple) and len(value) > SHOWN:
        return f"({', '.join(map(repr, value[:SHOWN]))}, … {len(value)} in all)"
    return str(value)
