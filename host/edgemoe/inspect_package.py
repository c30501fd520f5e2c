# SPDX-License-Identifier: Apache-2.0
"""What a package holds, as text for a person."""

import dataclasses
import json
from pathlib import Path

from edgemoe import package


def describe(path: Path) -> str:
    """Geometry, provenance and linear layers of a package, one fact a line."""
    loaded = package.load(path)
    config = dataclasses.asdict(loaded.config)
    lines = [f"{path}: model {loaded.config.name}", f"sha256 {loaded.sha256}", "", "Geometry"]
    lines += [f"  {key:<16}{value}" for key, value in config.items() if key != "name"]
    lines += ["", "Linear layers" + " " * 27 + "shape              bits  weight bytes"]
    total = 0
    for name, tensor in loaded.tensors.items():
        if (
            name.endswith(".weight")
            and f"{name.removesuffix('.weight')}.bias" in loaded.tensors
            and tensor.ndim > 1
        ):
            total += tensor.nbytes
            shape = "×".join(map(str, tensor.shape))
            bits = 8 * tensor.itemsize
            lines.append(f"  {name.removesuffix('.weight'):<38}{shape:<18}{bits:>5}{tensor.nbytes:>14}")
    lines.append(f"  {'total':<38}{'':<18}{'':>5}{total:>14}")
    if loaded.provenance:
        lines += ["", "Provenance", json.dumps(loaded.provenance, indent=2)]
    return "\n".join(lines)
