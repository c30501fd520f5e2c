# SPDX-License-Identifier: Apache-2.0
"""Built things: recognised by a hash of all that they were made from, and whole by one of each file."""

import fcntl
import hashlib
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from edgemoe.errors import UserError

MANIFEST = "manifest.json"
"""File of an entry -> its SHA-256; written last."""


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


def kept(target: Path, make: Callable[[Path], None]) -> Path:
    """The folder `target`, which `make` fills unless it is there already, and whole.

    An entry that is damaged (a file is missing, cut off or changed) is made again, and the user is told. Of two
    processes one makes it and the other waits; what killed ones left half made is removed.
    """
    with writing(target.parent), _lock(target):
        _sweep(target)
        if damage := find_damage(target):
            print(f"note: {target} is damaged ({damage}); it is made again", file=sys.stderr)
            _remove(target)
        if not target.is_dir():
            with _fresh(target) as work:
                make(work)
    return target


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Makes `folder`; where the block cannot write into it, the user is told (`UserError`)."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as failure:
        raise UserError(f"Nothing can be built in {folder}: {failure}.") from None


def find_damage(target: Path) -> str | None:
    """What is wrong with an entry, or None if it is whole or not there at all."""
    if not target.exists() and not target.is_symlink():
        return None
    try:
        if not (target / MANIFEST).is_file():  # not a device that never ends either
            return f"{MANIFEST} is missing or unreadable"
        sums = json.loads((target / MANIFEST).read_text())
        for name, expected in sums.items():
            if not (target / name).is_file():
                return f"{name} is missing"
            if digest(target / name) != expected:
                return f"{name} is not what was built"
    except (OSError, ValueError, AttributeError, RecursionError):
        return f"{MANIFEST} is missing or unreadable"
    return None


@contextmanager
def _fresh(target: Path) -> Iterator[Path]:
    """A temporary directory beside `target` that becomes `target` when the block succeeds.

    An interrupted build therefore never looks like a finished one.
    """
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        yield work
        sums = {
            str(path.relative_to(work)): digest(path) for path in sorted(work.rglob("*")) if path.is_file()
        }
        (work / MANIFEST).write_text(json.dumps(sums, indent=1) + "\n")
        work.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _lock_file(target: Path) -> Path:
    return target.with_name(f".{target.name}.lock")


@contextmanager
def _lock(target: Path) -> Iterator[None]:
    with _lock_file(target).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _sweep(target: Path) -> None:
    """Remove the temporary directories of killed builds; `target`'s lock is held, so its own are no one's."""
    for folder in target.parent.glob(".*-????????"):
        named = re.fullmatch(r"\.(.+)-[a-z0-9_]{8}", folder.name)
        if not named or not folder.is_dir():
            continue
        owner = target.with_name(named[1])
        if owner == target or (_lock_file(owner).is_file() and _is_free(_lock_file(owner))):
            shutil.rmtree(folder, ignore_errors=True)


def _is_free(lock: Path) -> bool:
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _remove(target: Path) -> None:
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    else:
        target.unlink()
