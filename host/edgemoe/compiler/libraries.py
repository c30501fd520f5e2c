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
        whole = all(path.is_file() for path in (library, _sum(library)))
        whole = whole and hashlib.sha256(library.read_bytes()).hexdigest() == _sum(library).read_text()
    except (OSError, ValueError):
        whole = False
    if not whole and (library.exists() or library.is_symlink()):
        print(f"note: {library} is damaged; it is made again", file=sys.stderr)
    return whole


def keep(made: Path, library: Path) -> Path:
    """Copies a library that was just built to its place; its sum comes last."""
    fresh = library.with_name(f".{library.name}-{os.getpid()}")
    try:
        shutil.copy(made, fresh)
        sha256 = hashlib.sha256(fresh.read_bytes()).hexdigest()
        _put(fresh, library)
        fresh.write_text(sha256)
        _put(fresh, _sum(library))
    finally:
        fresh.unlink(missing_ok=True)
    return library


def _put(fresh: Path, path: Path) -> None:
    """Moves a file to its place in the cache, whatever damage put there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    fresh.replace(path)


def _sum(library: Path) -> Path:
    return library.with_name(f"{library.name}.sha256")
