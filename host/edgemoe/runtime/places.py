# SPDX-License-Identifier: Apache-2.0
"""Buffers at ever other addresses, for tests of the memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import numpy as np
import pynq


@contextmanager
def moving_places(kept_bytes: int) -> Iterator[Callable[[], None]]:
    """Gives a function that takes `kept_bytes` of memory, so that what is allocated next lies elsewhere.

    All of it is freed at the end of the `with` block.
    """
    with ExitStack() as kept:

        def take() -> None:
            buffer = pynq.allocate(kept_bytes, np.uint8)
            kept.callback(buffer.freebuffer)

        yield take
