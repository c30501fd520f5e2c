# SPDX-License-Identifier: Apache-2.0
"""What an import tells: in sentences, and as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any


def sentences(report: dict[str, Any]) -> str:
    """The report for a terminal."""
    lines = [
        f"{report['checkpoint']}: model {report['model']}, of {report['file']} ({report['family']}; {report['kind']}).",
        f"Used: {report['used']} of {report['tensors']} tensors.",
    ]
    lines += [f"  {name}: {told}" for name, told in report["facts"].items()]
    groups = grouped(report["not_used"])
    lines += ["Not used:"] if groups else ["Every tensor was used."]
    lines += [f"  {names}: {why}." for why, names in groups.items()]
    return "\n".join(lines + report["notes"])


def grouped(not_used: dict[str, str]) -> dict[str, str]:
    """Reason -> the names that it holds for, those that differ in numbers alone written once."""
    groups: dict[str, list[str]] = {}
    for name, why in not_used.items():
        groups.setdefault(why, []).append(name)
    return {why: ", ".join(_short(names)) for why, names in groups.items()}


def _short(names: Iterable[str], most: int = 8) -> list[str]:
    counts: dict[str, list[str]] = {}
    for name in names:
        counts.setdefault(re.sub(r"\d+", "*", name), []).append(name)
    made = [group[0] if len(group) == 1 else f"{name} ({len(group)})" for name, group in counts.items()]
    return made[:most] + ([f"and {len(made) - most} more"] if len(made) > most else [])
