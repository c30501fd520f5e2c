# SPDX-License-Identifier: Apache-2.0
"""The result of a run in a few lines for the terminal."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgemoe.report import divergence_sentence, saturation_sentence


def verdict(report: Mapping[str, Any], out: Path) -> str:
    """Verdict, cycles and where the results are; of a difference, where it is and which function made it."""
    if report["bit_exact"]:
        lines = ["bit-exact: every output equals the golden model's"]
    else:
        lines = [f"not bit-exact: {report['mismatches']} elements differ"]
        if first := report["first_divergence"]:
            lines.append(f"  first: {divergence_sentence(first)}")
    if clipped := saturation_sentence(report):
        lines.append(f"warning: {clipped}")
    for name, task in report["task"].items():
        lines.append(f"{name}: {task['cycles']} cycles, backbone {task['backbone_cycles']}")
    lines.append(f"MAC utilisation {report['mac_utilisation']:.1%}; results in {out}")
    return "\n".join(lines)
