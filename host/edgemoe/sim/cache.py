# SPDX-License-Identifier: Apache-2.0
"""Where built things are kept, and how a build is recognised: by a hash of all that it was made from."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def checkout() -> Path | None:
    """The source checkout that this package runs from, or None for an installed package."""
    root = Path(__file__).resolve().parents[3]
    return root if (root / "pyproject.toml").is_file() and (root / "hls").is_dir() else None


def build_root() -> Path:
    """`$EDGEMOE_BUILD`, else `build/` of the checkout, else `build/` of the working directory."""
    if chosen := os.environ.get("EDGEMOE_BUILD"):
        return Path(chosen).resolve()
    return (checkout() or Path.cwd()) / "build"


def digest(*parts: str | bytes | Path) -> str:
    """SHA-256 over the parts; a path stands for its name and its content."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            data = part.name.encode() + b"\0" + part.read_bytes()
        else:
            data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "little"))
        total.update(data)
    return total.hexdigest()


@contextmanager
def build_lock(target: Path) -> Iterator[None]:
    """Held while `target` is looked for and built, so that of two processes one builds and one waits."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_name(f".{target.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def fresh_directory(target: Path) -> Iterator[Path]:
    """A temporary directory beside `target` that becomes `target` when the block succeeds.

    An interrupted build therefore never looks like a finished one, and of two builds of the same thing
    the first to finish wins.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        yield work
        try:
            work.rename(target)
        except OSError:
            if not target.is_dir():
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
