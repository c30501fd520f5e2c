# SPDX-License-Identifier: Apache-2.0
"""Values of a config.json that someone else wrote, checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgemoe.config.limits import LARGEST, NAME_MOST
from edgemoe.errors import UserError, shown


def refuse(path: Path, field: str, value: object, why: str) -> UserError:
    """The error for a value that can't be taken."""
    return UserError(f"{path} can't be used: {field} is {shown(value)}: {why}.")


def same(path: Path, config: dict[str, Any], field: str, expected: object) -> None:
    """UserError if a field is there and says another network than the tensors do."""
    if field in config and config[field] != expected:
        raise refuse(
            path, field, config[field],
            f"the tensors have {shown(expected)}, so it is of another network; give the right one as --model-config, "
            "or move it away"
        )  # fmt: skip


def whole(path: Path, field: str, value: object) -> int:
    """A whole number that can be a size."""
    if type(value) is not int or not 1 <= value <= LARGEST:
        raise refuse(path, field, value, f"expected a whole number of 1 to {LARGEST}")
    return value


def number(path: Path, field: str, value: object, low: float, high: float) -> float:
    """A number between two others."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise refuse(path, field, value, f"expected a number of {low} to {high}")
    return float(value)


def class_names(names: list[object], notes: list[str]) -> tuple[str, ...]:
    """Names of classes as `ModelConfig` takes them: printable, not too long, all different."""
    made: list[str] = []
    seen: set[str] = set()
    for place, name in enumerate(names):
        text = " ".join(str(name).split())
        text = "".join(c for c in text if c.isprintable())
        if len(text) > NAME_MOST - 8:
            text = text[: NAME_MOST - 8].rpartition(",")[0] or text[: NAME_MOST - 8]
        if not text or text in seen:
            text = f"{text} ({place})".strip()
        seen.add(text)
        made.append(text)
        if text != name:
            notes.append(f"Class {place} is named {text!r} here, {shown(name)} there.")
    return tuple(made)
