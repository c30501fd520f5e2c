# SPDX-License-Identifier: Apache-2.0
"""A stand-in for the work of a campaign's process: it dies on input 7 and never ends on input 9."""

from __future__ import annotations

import os
import time
from multiprocessing.connection import Connection
from pathlib import Path


def work(kind: str, first: int, end: int, folder: Path, pipe: Connection) -> None:
    for seed in range(first, end):
        pipe.send(seed)
        if seed == 7:
            os._exit(1)
        if seed == 9:
            time.sleep(1000)
    pipe.send(None)
