# SPDX-License-Identifier: Apache-2.0
"""Reading a .safetensors file that anyone may have made: its header first, its tensors once they are wanted.

The file is 8 bytes N (uint64, little-endian), N bytes of JSON, then the tensors' bytes. The JSON maps a name to
`{"dtype", "shape", "data_offsets": [begin, end]}`, and "__metadata__" to texts. The library of the format maps the
whole file and allocates before a caller can say what it expects; here nothing is believed that the file's
size does not bear out, and a caller compares names, types and shapes with what it wants before any data is read.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from edgemoe.errors import UserError, shown
from edgemoe.files import parse_json, size_of

SUFFIX = ".safetensors"
INDEX = ".safetensors.index.json"
"""How the name of a file that lists shards ends; `edgemoe.shards` reads it."""
HEADER_MOST = 16 << 20  # bytes of JSON; a package of a thousand layers has 3 MB
DTYPES = {
    "BOOL": "?", "U8": "u1", "I8": "i1", "U16": "<u2", "I16": "<i2", "U32": "<u4", "I32": "<i4", "U64": "<u8",
    "I64": "<i8", "F16": "<f2", "F32": "<f4", "F64": "<f8",
}  # fmt: skip
"""The types that NumPy has. A file may hold others (BF16, F8_E4M3, ...), which nothing here takes."""


@dataclass(frozen=True)
class Entry:
    """One tensor as the header describes it; begin: its first byte in the file."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    size: int

    @property
    def kind(self) -> str:
        """The name of NumPy's type, or the file's own for one that NumPy lacks."""
        return np.dtype(DTYPES[self.dtype]).name if self.dtype in DTYPES else self.dtype


@dataclass(frozen=True)
class Header:
    """What a file says of itself: texts by name, and the tensors."""

    metadata: dict[str, str]
    entries: dict[str, Entry]


def read_header(file: BinaryIO, bad: str) -> Header:
    """The header of an open file; UserError if it isn't a .safetensors file whose tensors fill it exactly.

    bad: how a message begins: "m.safetensors: not a readable .safetensors file".
    """
    total = size_of(file)
    length = int.from_bytes(file.read(8), "little")
    if total < 8 or length > total - 8:
        raise UserError(f"{bad}: it is cut short, or something else ({total:,} bytes).")
    if length > HEADER_MOST:
        raise UserError(f"{bad}: its header is {length:,} bytes; at most {HEADER_MOST:,} are read.")
    data = parse_json(file.read(length), bad)
    if not isinstance(data, dict):
        raise UserError(f"{bad}: its header is no JSON object.")
    metadata = data.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise UserError(f"{bad}: its metadata must be texts.")
    entries = {
        name: _entry(value, 8 + length, f"{bad}: tensor {shown(name)}") for name, value in data.items()
    }
    end = 8 + length
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].begin, item[1].size)):
        if entry.begin != end:
            raise UserError(f"{bad}: tensor {shown(name)} begins at byte {entry.begin}, expected {end}.")
        end += entry.size
    if end != total:
        raise UserError(f"{bad}: its tensors end at byte {end}, the file at byte {total}.")
    return Header(metadata, entries)


def _entry(value: Any, start: int, bad: str) -> Entry:
    """One entry of the header, whose offsets count from `start`."""
    if not isinstance(value, dict) or set(value) != {"dtype", "shape", "data_offsets"}:
        raise UserError(f"{bad} must have exactly dtype, shape and data_offsets.")
    dtype, shape, offsets = value["dtype"], value["shape"], value["data_offsets"]
    if not (isinstance(dtype, str) and 0 < len(dtype) <= 16 and dtype.isascii() and dtype.isidentifier()):
        raise UserError(f"{bad} has dtype {shown(dtype)}, which is no name of a type.")
    for name, numbers in (("shape", shape), ("data_offsets", offsets)):
        if not isinstance(numbers, list) or not all(type(n) is int and 0 <= n < 1 << 63 for n in numbers):
            raise UserError(f"{bad} has {name} {shown(numbers)}, expected whole numbers.")
    if len(offsets) != 2 or offsets[0] > offsets[1]:
        raise UserError(f"{bad} has data_offsets {shown(offsets)}, expected begin and end.")
    if len(shape) > 8:
        raise UserError(f"{bad} has {len(shape)} axes; at most 8 are read.")
    size = offsets[1] - offsets[0]
    if dtype in DTYPES:
        expected = math.prod(shape) * np.dtype(DTYPES[dtype]).itemsize
        if size != expected:
            raise UserError(f"{bad} has {size} bytes; its shape {shown(shape)} takes {expected}.")
    return Entry(dtype, tuple(shape), start + offsets[0], size)


def read_tensors(file: BinaryIO, header: Header, bad: str) -> tuple[dict[str, NDArray[Any]], str]:
    """Every tensor of the file, and the file's sha256; their types must all be NumPy's."""
    file.seek(0)
    data = file.read()
    arrays = {}
    for name, entry in header.entries.items():
        if entry.begin + entry.size > len(data):
            raise UserError(f"{bad}: it became shorter while it was read.")
        flat = np.frombuffer(data, DTYPES[entry.dtype], math.prod(entry.shape), entry.begin)
        arrays[name] = flat.reshape(entry.shape).astype(flat.dtype.newbyteorder("="))
    return arrays, hashlib.sha256(data).hexdigest()
