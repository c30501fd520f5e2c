# SPDX-License-Identifier: Apache-2.0
"""A folder that a command fills: claimed before the work, filled whole or not at all, nothing of the user's lost.

`.edgemoe.json` in the folder lists what earlier runs left there, with their sha256. What stands in it may be replaced
or removed by the next run; anything else is the user's, a listed file that was changed since, too, and a run that
would overwrite or remove it is refused before it starts. Everything is first written into a partial folder inside,
which a killed run leaves behind and the next one removes.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import glob
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from edgemoe.errors import UserError

LIST = ".edgemoe.json"
PARTIAL = ".edgemoe-partial-"
RESERVE = "reserve"
FULL = (errno.ENOSPC, errno.EDQUOT)


class OutFolder:
    """A claimed folder; make one with `claim`. `work` is the partial folder, where large files may grow already."""

    def __init__(self, path: Path, work: Path) -> None:
        self.path, self.work = path, work

    def fill(self, write: Callable[[Path], object], rescue: Path | None = None) -> None:
        """Let `write` make the files in the folder that it is given, then move them in; of an earlier run's files,
        those that are not made again are removed.

        If the disk turns out to be full, `write` gets a fresh folder below `rescue` instead, so that a long run is
        not lost. UserError says where the results lie.
        """
        (self.work / RESERVE).unlink(missing_ok=True)
        try:
            write(self.work)
            self._move_in()
        except OSError as error:
            raise UserError(self._rescued(error, write, rescue)) from error

    def _rescued(self, error: OSError, write: Callable[[Path], object], rescue: Path | None) -> str:
        lost = f"{self.path}: the results could not be written there: {error.strerror or error}."
        if rescue is None:
            return lost
        try:
            rescue.mkdir(parents=True, exist_ok=True)
            safe = Path(tempfile.mkdtemp(prefix=f"{self.path.name}-", dir=rescue))
            write(safe)
        except OSError as second:
            return f"{lost} Nor could they be written to {rescue}: {second.strerror or second}."
        return f"{lost} They are in {safe} instead."

    def _move_in(self) -> None:
        files = sorted(path for path in self.work.rglob("*") if path.is_file())
        made = {str(path.relative_to(self.work)): _sha256(path) for path in files}
        before = _listed(self.path)
        _check_owner(self.path, map(glob.escape, {*before, *made}))
        # Until all is moved, a file may be of either run: a killed run must not make it look like the user's.
        _write_list(
            self.path, {name: [*before.get(name, []), *([made[name]] if name in made else [])]
                        for name in {*before, *made}},
        )  # fmt: skip
        for name in before:
            if name not in made:
                (self.path / name).unlink(missing_ok=True)
                _remove_empty(self.path, (self.path / name).parent)
        for path in files:
            target = self.path / path.relative_to(self.work)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
        _write_list(self.path, {name: [sha256] for name, sha256 in made.items()})


@contextmanager
def claim(
    path: Path, names: Iterable[str] = (), *, need_bytes: int = 1 << 20, grow_bytes: int = 0
) -> Iterator[OutFolder]:
    """Claim a folder for the time of a run; it is created if it is missing, and removed again if it stays empty.

    Args:
        path: the folder.
        names: what the run may write there, relative; a pattern such as `taps/*` is allowed.
        need_bytes: about how much it will write at its end, in bytes; reserved until then.
        grow_bytes: about how large the files get that grow in `work` during the run; there must be room for them.

    Raises:
        UserError: the folder can't be made or written to, is in use by another run, has too little room, or holds
            a file of that name that no earlier run made. Each is found before any work is done.
    """
    made = _make(path)
    try:
        with _locked(path):
            _remove_leftovers(path)
            _check_owner(path, [*names, *map(glob.escape, _listed(path))])
            work = Path(tempfile.mkdtemp(prefix=PARTIAL, dir=path))
            try:
                _reserve(path, work, need_bytes, grow_bytes)
                yield OutFolder(path, work)
            finally:
                shutil.rmtree(work, ignore_errors=True)
    finally:
        for folder in made:
            with contextlib.suppress(OSError):
                folder.rmdir()


def _make(path: Path) -> list[Path]:
    """Create the folder; those that were missing, innermost first."""
    missing: list[Path] = []
    try:
        missing += [folder for folder in (path, *path.parents) if not folder.exists()]
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        for folder in missing:
            with contextlib.suppress(OSError):
                folder.rmdir()
        if error.errno in FULL:
            raise UserError(f"Folder {path}: the disk is full. Free some room or choose another.") from error
        reason = "a file of that name is in the way" if _blocked(path) else error.strerror or str(error)
        raise UserError(f"Folder {path} can't be written to: {reason}. Choose another.") from error
    except ValueError as error:  # a NUL byte in the name
        raise UserError(f"Folder {str(path)!r} can't be made: {error}. Choose another.") from error
    return missing


def _blocked(path: Path) -> bool:
    with contextlib.suppress(OSError):
        return any(folder.exists() and not folder.is_dir() for folder in (path, *path.parents))
    return False


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Held by one run at a time; the lock is the folder itself, so that nothing is left behind."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"Folder {path} is being filled by another run; wait for it or choose another."
            ) from None
        yield
    finally:
        os.close(handle)


def _remove_leftovers(path: Path) -> None:
    """Partial folders of killed runs: whoever holds the lock is the only one that may have one."""
    for leftover in path.glob(f"{PARTIAL}*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _check_owner(path: Path, names: Iterable[str]) -> None:
    """UserError if a file that the run may write is there and not, as it is, from an earlier run."""
    listed = _listed(path)
    for name in names:
        for found in sorted(path.glob(name)):
            own = str(found.relative_to(path))
            if found.is_dir() and not found.is_symlink():
                raise UserError(
                    f"{found} is a folder where this run would write a file. Move it or choose another --out."
                )
            if own not in listed:
                raise UserError(f"{found} is not from an earlier run; move it or choose another --out.")
            if _sha256(found) not in listed[own]:
                raise UserError(
                    f"{found} was changed since an earlier run made it; move it or choose another --out."
                )


def _reserve(path: Path, work: Path, need_bytes: int, grow_bytes: int) -> None:
    """Take the room for the results now: a full disk must show before the work, not after it."""
    free = shutil.disk_usage(path).free
    if free < need_bytes + grow_bytes:
        raise UserError(_too_little(path, need_bytes + grow_bytes, free))
    try:
        with (work / RESERVE).open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(need_bytes, 1))
    except OSError as error:
        if error.errno in FULL:
            raise UserError(_too_little(path, need_bytes, shutil.disk_usage(path).free)) from error
        # A file system that can't reserve: the check of the free room has to do.


def _too_little(path: Path, need_bytes: int, free: int) -> str:
    return (
        f"Folder {path}: the disk has {free / 1e6:,.0f} MB free, and this run may write "
        f"{need_bytes / 1e6:,.0f} MB. Free some room or choose another --out."
    )


def _listed(path: Path) -> dict[str, list[str]]:
    """What the list says that earlier runs left: name → sha256 of its possible contents."""
    source = path / LIST
    try:
        files = json.loads(source.read_text(encoding="utf-8"))["files"]
        entries = {name: [str(sha256) for sha256 in hashes] for name, hashes in files.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UserError(
            f"{source} is damaged, so it is unknown which files of {path} are from an earlier run. "
            "Remove it together with those files, or choose another --out."
        ) from None
    # Never a name that leads out of the folder, whoever wrote the list.
    return {name: hashes for name, hashes in entries.items() if _inside(name)}


def _inside(name: str) -> bool:
    return bool(name) and not Path(name).is_absolute() and ".." not in Path(name).parts


def _write_list(path: Path, files: dict[str, list[str]]) -> None:
    text = json.dumps({"left_by": "edgemoe", "files": dict(sorted(files.items()))}, indent=1) + "\n"
    fresh = path / f"{LIST}.new"
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path / LIST)


def _sha256(path: Path) -> str:
    total = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            total.update(block)
    return total.hexdigest()


def _remove_empty(root: Path, folder: Path) -> None:
    while folder != root:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
