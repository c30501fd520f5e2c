# SPDX-License-Identifier: Apache-2.0
"""A plain writer and a plain reader of PNG, for tests: every colour type, depth and filter, interlaced or not.

The reader says what `read_image` must give; it shares no code with Pillow but zlib.
"""

from __future__ import annotations

import random
import struct
import zlib

import numpy as np

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
PASSES = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
WHOLE = [(0, 0, 1, 1)]


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def paeth(a: int, b: int, c: int) -> int:
    p = a + b - c
    return min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]


def predicted(kind: int, left: int, up: int, corner: int) -> int:
    return (0, left, up, (left + up) // 2, paeth(left, up, corner))[kind]


def packed(row: np.ndarray, depth: int) -> bytes:
    """Samples of one row as bytes, the first in the highest bits."""
    bits = "".join(f"{int(v):0{depth}b}" for v in row.ravel())
    return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")


def encode(
    samples: np.ndarray, colour: int, depth: int, *chunks: tuple[bytes, bytes], interlaced: bool, seed: int
) -> bytes:
    """Samples (H,W,channels) as a PNG; each row has a random filter; `chunks` come before the picture."""
    rng = random.Random(seed)
    height, width, channels = samples.shape
    step = max(1, channels * depth // 8)
    raw = b""
    for top, left, down, right in PASSES if interlaced else WHOLE:
        part = samples[top::down, left::right]
        if not part.size:
            continue
        above = bytes(len(packed(part[0], depth)))
        for row in part:
            line, kind = packed(row, depth), rng.randrange(5)
            before, corner = bytes(step) + line, bytes(step) + above
            raw += bytes([kind]) + bytes(
                (line[i] - predicted(kind, before[i], above[i], corner[i])) % 256 for i in range(len(line))
            )
            above = line
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    parts = [(b"IHDR", head), *chunks, (b"IDAT", zlib.compress(raw)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def decode(data: bytes) -> np.ndarray:
    """What `read_image` must give: uint8 (H,W,3)."""
    chunks, at = {}, 8
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        chunks[data[at + 4 : at + 8]] = data[at + 8 : at + 8 + length]
        at += 12 + length
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    channels = CHANNELS[colour]
    step = max(1, channels * depth // 8)
    raw, at = zlib.decompress(chunks[b"IDAT"]), 0
    samples = np.zeros((height, width, channels), np.int64)
    for top, left, down, right in PASSES if interlaced else WHOLE:
        part = samples[top::down, left::right]
        above = None
        for y in range(part.shape[0] if part.size else 0):
            size = -(-part.shape[1] * channels * depth // 8)
            kind, line = raw[at], bytearray(raw[at + 1 : at + 1 + size])
            at += 1 + size
            above = above if above is not None else bytes(size)
            for i in range(size):
                before = line[i - step] if i >= step else 0
                corner = above[i - step] if i >= step else 0
                line[i] = (line[i] + predicted(kind, before, above[i], corner)) % 256
            bits = f"{int.from_bytes(line, 'big'):0{8 * size}b}"
            for x in range(part.shape[1]):
                for c in range(channels):
                    start = (x * channels + c) * depth
                    part[y, x, c] = int(bits[start : start + depth], 2)
            above = bytes(line)
    return shown(samples, colour, depth, chunks.get(b"PLTE"), chunks.get(b"tRNS"))


def shown(
    samples: np.ndarray, colour: int, depth: int, palette: bytes | None, transparent: bytes | None
) -> np.ndarray:
    """Samples as uint8 (H,W,3), by the rules of docs/how-to/own-image.md."""
    alpha = np.full(samples.shape[:2], 255)
    if colour in (0, 2) and transparent is not None:
        key = np.array(struct.unpack(f">{len(transparent) // 2}H", transparent)) % (1 << depth)
        alpha = np.where((samples == key).all(axis=2), 0, 255)
    if colour == 3:
        table = np.frombuffer(palette, np.uint8).reshape(-1, 3).astype(np.int64)
        opacity = np.frombuffer((transparent or b"").ljust(len(table), b"\xff"), np.uint8).astype(np.int64)
        alpha, rgb = opacity[samples[..., 0]], table[samples[..., 0]]
    elif colour == 0 and depth == 16:
        rgb = (samples + 128) // 257
    elif depth == 16:
        samples = samples >> 8
        rgb = samples[..., :1] if colour == 4 else samples[..., :3]
    else:
        scaled = samples * (255 // ((1 << depth) - 1))
        rgb = scaled[..., :1] if colour in (0, 4) else scaled[..., :3]
        samples = scaled
    if colour in (4, 6):
        alpha = samples[..., -1]
    return np.broadcast_to((rgb * alpha[..., None] + 127) // 255, (*samples.shape[:2], 3)).astype(np.uint8)
