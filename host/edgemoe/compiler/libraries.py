# SPDX-License-Identifier: Apache-2.0
"""Shared libraries that are kept by a hash of their sources, and loaded only when they are whole.

Half of a library, or none behind its name, would end the interpreter in the loader.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path


def is_whole(library: Path) -> bool:
    """Whether ``library`` is what `keep` put there; of one that is damaged the user is told."""
    try:
        whole = hashlib.sha256(library.read_bytes()).hexdigest() == _sum(library).read_text()
    except (OSError, ValueError):
        whole = False
    if not whole and library.exists():
        print(f"note: {library} is damaged; it is made again", file=sys.stderr)
    return whole


def keep(made: Path, library: Path) -> Path:
    """Copies a library that was just built to its place; its sum comes last."""
    fresh = library.with_name(f".{library.name}-{os.getpid()}")
    try:
        shutil.copy(made, fresh)
        sha256 = hashlib.sha256(fresh.read_bytes()).hexdigest()
        fresh.replace(library)
        fresh.write_text(sha256)
        fresh.replace(_sum(library))
    finally:
        fresh.unlink(missing_ok=True)
    return library


def _sum(library: Path) -> Path:
    return library.with_name(f"{library.name}.sha256")
