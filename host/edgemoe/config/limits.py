# SPDX-License-Identifier: Apache-2.0
"""What every size keeps to, and how one that doesn't is refused."""

from __future__ import annotations

from edgemoe.errors import UserError, shown

WEIGHT_PORTS = 4  # masters over which the weights region is striped
CHOICE_SLOTS = 4  # experts that a token's `choice` has room for
EMBEDDING_DIM = 32  # of the task embedding that a shared gate is given
LARGEST = (
    1 << 16
)  # of any size of a model; with the next two, what keeps damaged files from asking for memory
LAYERS_MOST = 1024
WEIGHTS_MOST = 1 << 29  # values in all of a model's tensors
LABELS_MOST = 256  # classes of a segmentation: labels are bytes
CLASSES_MOST = LARGEST  # of a classification
DEPTH_MOST = 1_000_000  # metres
NAME_MOST = 100  # characters of a model's or a class's name
TASKS_MOST = 32


def log2_ceil(n: int) -> int:
    return (n - 1).bit_length()


def at_least(owner: str, field: str, value: int, low: int, kind: str = "Model") -> None:
    if value < low:
        raise UserError(f"{kind} {owner!r}: {field} {shown(value)} must be at least {low}.")


def one_of(owner: str, field: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise UserError(f"Model {owner!r}: {field} {shown(value)} must be one of {', '.join(allowed)}.")
