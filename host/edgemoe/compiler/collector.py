# SPDX-License-Identifier: Apache-2.0
"""Python's search for unreachable cycles, kept from looking through all that a compile makes."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

#: Young objects from which on a compile leaves the search to the next one: most processes have no next one.
_MANY = 50_000


class _Collector:
    """Whether an earlier compile of this process left cycles behind that nobody has looked for."""

    def __init__(self) -> None:
        self._owes = False

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """The search waits: nearly all that the compiler makes lives to the end of the compile, so the search finds
        little, and takes a fifth of the time.
        """
        was_on = gc.isenabled()
        if self._owes and was_on:
            self._owes = False
            gc.collect()
        gc.disable()
        try:
            yield
        finally:
            if was_on:
                if gc.get_count()[0] > _MANY and not gc.get_freeze_count():
                    # Old from now on, without a look at them.
                    gc.freeze()
                    gc.unfreeze()
                    self._owes = True
                gc.enable()


at_rest = _Collector().at_rest
