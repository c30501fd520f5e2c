# SPDX-License-Identifier: Apache-2.0
"""The tensors of a checkpoint: as the file names them, and as all families are named here."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemoe.errors import UserError, shown

Array = NDArray[Any]
Float = NDArray[np.float64]


@dataclass
class Source:
    """What was read: tensors by the names of the file, and what the reading has to tell.

    facts: what the file says besides, as of `facts.Known`.
    """

    path: Path
    kind: str
    arrays: dict[str, Array]
    sha256: str
    notes: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass
class Named:
    """Tensors by the names that all families share; a shared name also knows the one in the file.

    `spelt`: how the family would spell a shared name that is not there. `unused`: name in the file -> why.
    """

    path: Path
    family: str
    arrays: dict[str, Array] = field(default_factory=dict)
    origin: dict[str, str] = field(default_factory=dict)
    unused: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    spellings: list[tuple[Any, str]] = field(default_factory=list)

    def __contains__(self, name: str) -> bool:
        return name in self.arrays

    def spelt(self, name: str) -> str:
        """The name of a tensor as the file has it, or would have it."""
        if name in self.origin:
            return self.origin[name]
        for pattern, theirs in self.spellings:
            if found := pattern.fullmatch(name):
                return theirs.format(**found.groupdict())
        return name

    def shape(self, name: str, axes: int) -> tuple[int, ...]:
        """The shape of a tensor that others follow from; UserError if it is missing or has not so many axes."""
        self._check_there(name)
        shape = self.arrays[name].shape
        if len(shape) != axes or 0 in shape:
            raise UserError(
                f"{self._tensor(name)} has shape {shape}, expected {axes} axes, none of them empty."
            )
        return shape

    def take(self, name: str, *shape: int) -> Float:
        """A tensor in float64, marked as used; UserError if it is missing, or not as expected."""
        self._check_there(name)
        array = self.arrays[name]
        if array.shape != shape:
            raise UserError(
                f"{self._tensor(name)} has shape {array.shape}, expected {shape}. Is it a checkpoint of another "
                "network, or cut?"
            )
        if array.dtype.kind != "f":
            raise UserError(f"{self._tensor(name)} holds {array.dtype}, expected floating-point numbers.")
        if not np.isfinite(array).all():
            raise UserError(
                f"{self._tensor(name)} holds a number that is not finite; ask for, or train, another checkpoint."
            )
        self.used.add(name)
        return array.astype(np.float64)

    def leave(self, name: str, why: str) -> None:
        """Lists a tensor as not used, if it is there."""
        if name in self.arrays and name not in self.used:
            self.unused[self.origin[name]] = why

    def note(self, text: str) -> None:
        """A sentence for the report, once."""
        if text not in self.notes:
            self.notes.append(text)

    def check_all_told(self) -> None:
        """UserError for a tensor that was neither used nor listed."""
        for name, origin in self.origin.items():
            if name not in self.used and origin not in self.unused:
                raise UserError(
                    f"{self.path}: nothing uses tensor {shown(origin)}: no part of the network that the other tensors "
                    "make has it. If the network gives its result without it, say --ignore with its name."
                )

    def _check_there(self, name: str) -> None:
        if name not in self.arrays:
            raise UserError(
                f"{self.path}: tensor {self.spelt(name)} is missing, which a network of this kind ({self.family}) "
                "needs. Is the file whole, and of the network that you mean?"
            )

    def _tensor(self, name: str) -> str:
        return f"{self.path}: tensor {shown(self.origin[name])}"
