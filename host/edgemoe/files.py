# SPDX-License-Identifier: Apache-2.0
"""Reading a user's files and writing ours.

What is read must be a regular file: a FIFO would wait for ever, a device never ends. What is written appears
whole or not at all, and replaces only what an earlier run wrote.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from edgemoe.errors import UserError, shown

KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
PART = ".part"  # ends the name of a file that is being written

Check = Callable[[Path], None]


def reason(error: OSError | ValueError) -> str:
    """Why a file can't be opened, without its name: of a path that holds a NUL byte, Python says ValueError."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


def check_regular(path: Path, what: str, hint: str = "it does not exist") -> None:
    """UserError unless a regular file is at `path`; as `open_regular`."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        if path.is_symlink():
            hint = f"it is a link to {path.readlink()}, which does not exist"
        raise UserError(f"{what} {path} can't be read: {reason(error)} ({hint}).") from error
    except (OSError, ValueError) as error:
        raise UserError(f"{what} {path} can't be read: {reason(error)}.") from error
    for is_kind, name in KINDS:
        if is_kind(mode):
            raise UserError(f"{what} {path} can't be read: it is {name}; give a regular file.")


@contextmanager
def open_regular(path: Path, what: str, hint: str = "it does not exist") -> Iterator[BinaryIO]:
    """The file at `path`, open for reading; UserError if it is none, or not a regular one.

    what: what the file is for the user, as the start of a sentence: "Image", "Package". hint: said if there is no
    such file. An OSError of the body (a disk that fails, a file system that goes away) is a UserError, too.
    """
    check_regular(path, what, hint)
    try:
        # The file may have become a FIFO by now, and without O_NONBLOCK its opening waits for a writer.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise UserError(f"{what} {path} can't be read: it is not a regular file any more.")
            yield file
    except OSError as error:
        raise UserError(f"{what} {path} can't be read: {reason(error)}.") from error


def size_of(file: BinaryIO) -> int:
    """Bytes of an open file."""
    return os.fstat(file.fileno()).st_size


def read_regular(path: Path, what: str, most: int, hint: str = "it does not exist") -> bytes:
    """Everything in a file of at most `most` bytes."""
    with open_regular(path, what, hint) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise UserError(f"{what} {path} is larger than {most:,} bytes, which is too large to be one.")
    return data


def parse_json(text: str | bytes, source: str) -> Any:
    """JSON as the standard has it: NaN, infinities and names that occur twice are refused.

    source: what a message begins with, for instance "m.safetensors: the package's header is damaged".
    """
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except RecursionError:
        raise UserError(f"{source}: its JSON is nested too deeply.") from None
    except ValueError as error:  # UnicodeDecodeError and an integer of too many digits are ones
        raise UserError(f"{source}: its JSON can't be read: {shown(error)}.") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise ValueError(f"the name {shown(twice)} occurs twice")
    return result


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def check_target(path: Path, what: str, is_ours: Check, need_bytes: int = 0) -> None:
    """UserError if writing `path` would destroy something, or can't succeed; called before the work is done.

    is_ours: raises UserError if the file there isn't one that this command writes. An empty file may be replaced.
    need_bytes: about how large it gets; the disk must have the room.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        _check_folder(path, what, need_bytes)
        return
    except (OSError, ValueError) as error:
        raise UserError(f"{what} {path} can't be written: {reason(error)}.") from error
    if not stat.S_ISREG(mode):
        raise UserError(f"{what} {path} can't be written: it exists and is not a regular file.")
    if path.stat().st_size > 0:
        try:
            is_ours(path)
        except UserError as error:
            raise UserError(
                f"{what} {path} is not written: a file is there that this command did not make ({error}) "
                "Give another name, or remove it."
            ) from error
    _check_folder(path, what, need_bytes)


def _check_folder(path: Path, what: str, need_bytes: int) -> None:
    """UserError unless the folder of `path` is there or can be made, can be written to and has room."""
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir():
        raise UserError(f"{what} {path} can't be written: {folder} is not a folder.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UserError(f"{what} {path} can't be written: the folder {folder} may not be written to.")
    free = shutil.disk_usage(folder).free
    if free < need_bytes:
        raise UserError(
            f"{what} {path} can't be written: the disk has {free / 1e6:,.1f} MB free, and it may take "
            f"{need_bytes / 1e6:,.1f} MB. Free some room or choose another place."
        )


@contextmanager
def replacing(path: Path, what: str) -> Iterator[Path]:
    """A path beside `path` to write to; it becomes `path` at the end, or goes if the body fails.

    Makes the folders above, and removes what a run that was killed left there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for left in path.parent.glob(f".{_escaped(path.name)}.*{PART}"):
            if not _runs(left.name.removesuffix(PART).rpartition(".")[2]):
                left.unlink(missing_ok=True)
        part = path.with_name(f".{path.name}.{os.getpid()}{PART}")
        try:
            yield part
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"{what} {path} can't be written: {reason(error)}.") from error


def write(path: Path, data: bytes | str, what: str = "File") -> None:
    """Writes a file whole or not at all."""
    with replacing(path, what) as part:
        part.write_bytes(data.encode() if isinstance(data, str) else data)


def _escaped(name: str) -> str:
    """A file's name as a pattern of glob that only it matches."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _runs(process: str) -> bool:
    """Whether a process with that number runs."""
    return process.isdecimal() and Path(f"/proc/{process}").exists()
