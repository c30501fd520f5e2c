# SPDX-License-Identifier: Apache-2.0
"""Where waveforms may go: seen before a run, since nothing is told of a file that the simulation cannot make."""

from pathlib import Path

from edgemoe.errors import UserError

FST_HEAD = b"\0\0\0\0\0\0\0\1\x49"
"""An FST file begins with its header: a block of type 0 and 329 bytes."""


def check_wave_file(path: Path) -> None:
    """`UserError` unless a waveform file can be made at `path`, or replaced if there is one."""
    try:
        existed = path.exists()
        if existed and not path.is_file():
            raise UserError(f"Waveforms cannot go to {path}: it is not a file.")
        if existed and path.stat().st_size:
            with path.open("rb") as file:
                if file.read(len(FST_HEAD)) != FST_HEAD:
                    raise UserError(f"Waveforms would overwrite {path}, which is no waveform file (FST).")
        if not path.parent.is_dir():
            raise UserError(f"Waveforms cannot go to {path}: there is no folder {path.parent}.")
        with path.open("ab"):  # leaves what is there as it is
            pass
        if not existed:
            path.unlink()
    except (OSError, ValueError) as failure:  # ValueError: a name with a null byte
        raise UserError(f"Waveforms cannot go to {path}: {failure}.") from None
