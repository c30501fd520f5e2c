# SPDX-License-Identifier: Apache-2.0
"""One process at a time on a real board: a lock file, which the operating system releases with the process."""

import fcntl
import os
import re
import tempfile
from pathlib import Path
from typing import Any

from edgemoe.errors import UserError
from edgemoe.files import reason

Claim = tuple[
    Path, int
]  # the lock file, and the process: a fork has what its parent held, but may not use it
LOCKS = (Path("/run/lock"), Path(tempfile.gettempdir()))
_held: dict[Claim, tuple[int, int]] = {}  # file descriptor and how many accelerators of this process share it


def claim(device: Any) -> Claim | None:
    """Take the device for this process; give the result to `release`. None where each process has its own device.

    Raises:
        UserError: another process has it; the message names that process.
    """
    if getattr(device, "simulated", False):
        return None
    folder = next(path for path in LOCKS if os.access(path, os.W_OK | os.X_OK))
    path = folder / f"edgemoe-{re.sub('[^A-Za-z0-9]+', '-', str(device.name))}.lock"
    mine = (path, os.getpid())
    if mine in _held:
        file, users = _held[mine]
        _held[mine] = (file, users + 1)
        return mine
    try:  # a link in place of the file is nothing of ours
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise UserError(
            f"The lock file {path}, which keeps two processes from using {device.name} at once, can't be opened: "
            f"{reason(error)}. PYNQ needs root on a board; a file of another user there can be removed."
        ) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.pread(file, 32, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(file)
        raise UserError(
            f"Another process ({owner}) has the accelerator of {device.name}; two would write over each other's "
            f"registers. End that process, or close its `Accelerator`. The lock is {path}."
        ) from None
    os.ftruncate(file, 0)
    os.pwrite(file, str(os.getpid()).encode(), 0)
    _held[mine] = (file, 1)
    return mine


def release(mine: Claim | None) -> None:
    """Give back what `claim` gave; the last of a process frees the device for others."""
    if mine is None or mine not in _held:
        return
    file, users = _held.pop(mine)
    if users > 1:
        _held[mine] = (file, users - 1)
    else:
        os.close(file)
