# SPDX-License-Identifier: Apache-2.0
"""Reading .npy and .npz files that anyone may have made: type and shape are checked before anything is allocated."""

from __future__ import annotations

import io
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemoe.errors import UserError, shown
from edgemoe.files import read_regular

HEADER_MOST = 1 << 14  # bytes before an array's data
ITEM_MOST = 8  # bytes of a number


def read_npy(
    path: Path, what: str, shape: tuple[int, ...], kinds: str, hint: str = "it does not exist"
) -> NDArray[Any]:
    """The array of a .npy file; UserError unless it has that shape and a type of one of NumPy's kinds ("f", "iu").

    hint: what is said if there is no such file.
    """
    most = HEADER_MOST + ITEM_MOST * int(np.prod(shape))
    return _array(read_regular(path, what, most, hint), f"{what} {path}", shape, kinds)


def read_npz(
    path: Path, what: str, wanted: dict[str, tuple[tuple[int, ...] | None, str]]
) -> dict[str, NDArray[Any]]:
    """Arrays of a .npz file by name, each of that shape and kind; a shape of None is any of up to 2^24 numbers."""
    sizes = {name: int(np.prod(shape)) if shape else 1 << 24 for name, (shape, _) in wanted.items()}
    data = read_regular(path, what, sum(sizes.values()) * ITEM_MOST + (1 << 20))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {}
            for name in wanted:
                most = sizes[name] * ITEM_MOST + HEADER_MOST
                with archive.open(f"{name}.npy") as file:
                    parts[name] = file.read(most + 1)
                if len(parts[name]) > most:
                    raise UserError(f"{what} {path}: array {name!r} is larger than {most:,} bytes.")
    except UserError:
        raise
    except Exception as error:  # zipfile raises a dozen types for a damaged archive
        raise UserError(f"{what} {path} can't be read as .npz: {shown(error)}.") from error
    return {
        name: _array(parts[name], f"{what} {path}: array {name!r}", shape, kinds)
        for name, (shape, kinds) in wanted.items()
    }


def _array(data: bytes, what: str, shape: tuple[int, ...] | None, kinds: str) -> NDArray[Any]:
    """The array in the bytes of a .npy file."""
    file = io.BytesIO(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a header that Python 2 wrote
            version = np.lib.format.read_magic(file)
            read = np.lib.format.read_array_header_1_0
            found, by_columns, dtype = (read if version == (1, 0) else np.lib.format.read_array_header_2_0)(
                file
            )
    except Exception as error:  # the header is a Python literal; what its parser may raise is not listed
        raise UserError(f"{what} can't be read as .npy: {shown(error)}.") from error
    if dtype.kind not in kinds or dtype.itemsize > ITEM_MOST:
        raise UserError(f"{what} has dtype {shown(str(dtype))}, expected {_kind(kinds)}.")
    if shape is not None and found != shape:
        raise UserError(f"{what} has shape {shown(found)}, expected {shape}.")
    count = 1
    for n in found:
        count *= n
    if min(found, default=1) < 0 or count * dtype.itemsize != len(data) - file.tell():
        raise UserError(f"{what} can't be read as .npy: shape {shown(found)} doesn't match the file's size.")
    flat = np.frombuffer(data, dtype, count, file.tell())
    return flat.reshape(found, order="F" if by_columns else "C")


def _kind(kinds: str) -> str:
    return "floating point" if kinds == "f" else "whole numbers"
