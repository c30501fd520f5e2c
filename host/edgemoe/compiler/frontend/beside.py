# SPDX-License-Identifier: Apache-2.0
"""Names for values that stand beside others: ``%p.tag`` beside ``%p``.

LLVM numbers the copies of a value that it makes, ``%p.1``, so that a name that only looks new may be another value's.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable


class Beside:
    """Of one function, whose values so far are ``taken``."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)
        self._known: dict[tuple[str, str, Hashable], str] = {}

    def name(self, token: str, what: str, key: Hashable = None) -> str:
        """The name of what stands beside ``token``: always the same one, and no other value's.

        ``key`` tells apart values that are ``what`` of one token alike.
        """
        known = self._known.get((token, what, key))
        if known is None:
            known = f"{token}.{what}"
            while known in self._taken:
                known += "_"
            self._taken.add(known)
            self._known[token, what, key] = known
        return known
