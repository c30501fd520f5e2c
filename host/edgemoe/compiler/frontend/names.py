# SPDX-License-Identifier: Apache-2.0
"""Unique names of regions, by the line they come from."""

from __future__ import annotations


class Names:
    """Hands out names, each once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def numbered(self, kind: str, line: int) -> str:
        """``loop_12``, and for more of the same line ``loop_12_a``, ``loop_12_b``, ..."""
        base = f"{kind}_{line}"
        name, k = base, 0
        while name in self._taken:
            k += 1
            name = f"{base}_{chr(96 + k)}" if k <= 26 else f"{base}_{k}"
        self._taken.add(name)
        return name

    def fresh(self, base: str) -> str:
        """``base``, or ``base_1``, ``base_2``, ..."""
        name, k = base, 0
        while name in self._taken:
            k += 1
            name = f"{base}_{k}"
        self._taken.add(name)
        return name
