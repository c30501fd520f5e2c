# SPDX-License-Identifier: Apache-2.0
"""Whether a PNG holds its whole picture: Pillow leaves what a compressed stream lacks black, without a word."""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

SIGNATURE = 8  # bytes
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of a PNG's colour types
PASSES = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
"""First row and column, and steps down and right, of each pass of an interlaced PNG."""
PIECE = 1 << 20  # bytes that are decompressed at a time


def raw_bytes(width: int, height: int, depth: int, colour: int, interlaced: bool) -> int:
    """Bytes of a PNG's picture before compression: a filter byte and the packed pixels of each row."""
    total = 0
    for top, left, down, right in PASSES if interlaced else ((0, 0, 1, 1),):
        rows, columns = -(-(height - top) // down), -(-(width - left) // right)
        if rows > 0 and columns > 0:
            total += rows * (1 + -(-columns * CHANNELS[colour] * depth // 8))
    return total


def missing_bytes(file: BinaryIO) -> int:
    """Bytes that the picture of an open PNG lacks. Pillow has read it, so its first chunk is a good IHDR."""
    file.seek(SIGNATURE + 8)
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", file.read(13))
    file.seek(SIGNATURE)
    wanted = raw_bytes(width, height, depth, colour, bool(interlace))
    found, stream = 0, zlib.decompressobj()
    while found < wanted and len(head := file.read(8)) == 8:
        length, name = int.from_bytes(head[:4], "big"), head[4:]
        data = file.read(length) if name == b"IDAT" else b""
        file.seek(0 if data else length, 1)
        file.seek(4, 1)
        try:
            while data and found < wanted:
                found += len(stream.decompress(data, PIECE))
                data = stream.unconsumed_tail
        except zlib.error:
            break
    return max(0, wanted - found)
