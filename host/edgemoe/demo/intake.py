# SPDX-License-Identifier: Apache-2.0
"""Pictures for the page: those that are offered, and those that somebody uploads."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from edgemoe import images
from edgemoe.config import ModelConfig
from edgemoe.errors import UserError, printable
from edgemoe.inputs import Picture, list_pictures, places, read_picture
from edgemoe.shipped import image_path

SIDE = 2048
"""Pixels that a picture on the page has a side, at most; a smaller one is shown at its own size."""
SWEEP_SECONDS = 60.0
"""How long an upload stays on the disk at least: reading it takes less."""


def offered(folder: Path | None) -> dict[str, Path]:
    """Name -> file of the pictures to choose from: the shipped street first, then those of `folder`.

    Raises:
        UserError: `folder` is no folder, or has no picture.
    """
    street = image_path(None)
    more: Sequence[Path] = list_pictures(folder) if folder else []
    names = places([street, *more])
    return dict(zip(names, [street, *more], strict=True))


def read_offered(name: str, path: Path, config: ModelConfig) -> Picture:
    """One of `offered`."""
    return _fitted(replace(read_picture(path, config), path=Path(name)))


def read_upload(path: Path, config: ModelConfig, name: str | None = None) -> Picture:
    """A file that came from a browser; `Picture.path` is the name it had there.

    Raises:
        UserError: too large, or not to be read, in the words of the command line, with the user's own name in place of
            the path here.
    """
    shown = printable(name or path.name)
    try:
        size = path.stat().st_size
    except OSError:
        raise UserError(f"Image {shown} has not arrived whole; upload it again.") from None
    check_bytes(shown, size)
    try:
        return _fitted(replace(read_picture(path, config), path=Path(shown)))
    except UserError as error:
        raise UserError(str(error).replace(printable(str(path)), shown)) from error


def check_bytes(name: str, size: int) -> None:
    """UserError for a file of more bytes than are taken."""
    if size > images.MAX_UPLOAD_BYTES:
        raise UserError(
            f"Image {name} has {size:,} bytes; at most {images.MAX_UPLOAD_BYTES:,} are taken. Make it smaller."
        )


def _fitted(picture: Picture) -> Picture:
    """The picture with its original scaled down to what the page shows: a tab must not hold 300 MB."""
    height, width = picture.original.shape[:2]
    scale = SIDE / max(height, width)
    if scale >= 1:
        return picture
    small = images.resize(picture.original, max(1, round(scale * height)), max(1, round(scale * width)))
    return replace(picture, original=small)


def sweep(folder: Path, seconds: float = SWEEP_SECONDS) -> None:
    """Remove what was uploaded longer ago than that. A younger file may be one that another tab is about to read: two
    tabs that upload the same file share it.
    """
    oldest = time.time() - seconds
    for path in sorted(folder.rglob("*"), reverse=True):  # what is inside a folder before the folder
        with contextlib.suppress(OSError):  # gone already, or a folder that isn't empty
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            elif path.lstat().st_ctime < oldest:
                path.unlink()
