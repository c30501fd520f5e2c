# SPDX-License-Identifier: Apache-2.0
"""Ways to damage a file: of any bytes, and of the forms that our loaders read. Each takes bytes and a generator."""

from __future__ import annotations

import copy
import json
import random
import re
import struct
import zlib
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

Step = Callable[[bytes, random.Random], bytes]

NUMBERS = [0, 1, 2, 7, 127, 128, 255, 256, 32767, 65535, 1 << 16, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 60,
           (1 << 63) - 1, 1 << 63, (1 << 64) - 1]  # fmt: skip
DEEP = "deep" * 5  # stands in a JSON text for a value that `json` itself can't write
DEEP_TEXT = "[" * 100_000 + "]" * 100_000
STRANGE: list[Any] = [
    None, True, False, 0, -1, 3, 1 << 31, 1 << 63, 1 << 64, 10**400, 0.5, -0.0, 1e308, float("nan"), float("inf"),
    "", "x", "\x00", "\x1b[2J", "\ud800", "\u202e", "x" * 5000, "F8_E4M3", "BF16", "F64", "I8", [], {}, [[]], [0, 0],
    [1 << 60, 0], [-1], {"a": 1}, DEEP,
]  # fmt: skip


def flip(data: bytes, rng: random.Random) -> bytes:
    """One to eight bits the other way round."""
    result = bytearray(data)
    for _ in range(rng.randint(1, 8) if data else 0):
        result[rng.randrange(len(result))] ^= 1 << rng.randrange(8)
    return bytes(result)


def cut(data: bytes, rng: random.Random) -> bytes:
    """Only a beginning."""
    return data[: rng.randrange(len(data) + 1)]


def splice(data: bytes, rng: random.Random) -> bytes:
    """A piece removed, doubled, moved or replaced by noise."""
    a, b = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    b = min(b, a + rng.choice([1, 4, 64, 4096]))
    at = rng.randrange(len(data) + 1)
    return rng.choice(
        [
            data[:a] + data[b:],
            data[:a] + data[a:b] * 2 + data[b:],
            data[:at] + data[a:b] + data[at:],
            data[:a] + rng.randbytes(b - a) + data[b:],
        ]
    )


def number(data: bytes, rng: random.Random) -> bytes:
    """An integer of 1 to 8 bytes, of either byte order, replaced by an extreme one."""
    size = rng.choice([1, 2, 4, 8])
    at = rng.randrange(max(1, min(len(data), rng.choice([64, 1 << 30]))))
    value = rng.choice(NUMBERS) & ((1 << 8 * size) - 1)
    return data[:at] + value.to_bytes(size, rng.choice(["little", "big"])) + data[at + size :]


ANY: list[Step] = [flip, cut, splice, number]


def edit_json(text: str, rng: random.Random) -> str:
    """A JSON text with a value or a name exchanged, doubled or removed."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return flip(text.encode(errors="replace"), rng).decode(errors="replace")
    places: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        for key in list(node) if isinstance(node, dict) else range(len(node)):
            places.append((node, key))
            if isinstance(node[key], dict | list):
                walk(node[key])

    if not isinstance(value, dict | list) or not value or rng.random() < 0.03:
        value = rng.choice(STRANGE)
    else:
        walk(value)
        node, key = rng.choice(places)
        old, action = node[key], rng.random()
        if action < 0.15:
            del node[key]
        elif action < 0.25 and isinstance(node, dict):
            node[rng.choice(["", "x", "\ud800", str(key) * 2, "\x1b[2J"])] = node.pop(key)
        elif action < 0.35:
            other = rng.choice(places)
            node[key] = copy.deepcopy(other[0][other[1]]) if other[0] is not node else rng.choice(STRANGE)
        elif action < 0.55 and isinstance(old, int | float) and not isinstance(old, bool):
            node[key] = old + rng.choice([-1, 1, 1000, -1000, 1 << 40])
        elif action < 0.65 and isinstance(old, str) and old[:1] == "{":
            node[key] = edit_json(old, rng)
        else:
            node[key] = copy.deepcopy(rng.choice(STRANGE))
    result = json.dumps(value).replace(json.dumps(DEEP), DEEP_TEXT)
    if rng.random() < 0.05:  # a name twice
        result = re.sub(r'("[^"]*": *\d+)', r"\1, \1", result, count=1)
    return result


def tensors(data: bytes, rng: random.Random) -> bytes:
    """A .safetensors file with its JSON edited, inside one of the texts more often than not; the length follows it."""
    length = int.from_bytes(data[:8], "little")
    if length > len(data) - 8:
        return flip(data, rng)
    text, body = data[8 : 8 + length].decode(errors="replace"), data[8 + length :]
    try:
        header = json.loads(text)
        texts = header["__metadata__"]
        name = rng.choice(sorted(texts))
        if rng.random() < 0.6:
            texts[name] = edit_json(texts[name], rng)
            text = json.dumps(header)
        else:
            text = edit_json(text, rng)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        text = edit_json(text, rng)
    raw = text.encode(errors="replace")
    said = len(raw) if rng.random() < 0.95 else rng.choice(NUMBERS)
    return (said & ((1 << 64) - 1)).to_bytes(8, "little") + raw + body


def values(data: bytes, rng: random.Random) -> bytes:
    """Extreme numbers among the tensors of a .safetensors file."""
    start = 8 + int.from_bytes(data[:8], "little")
    if start >= len(data):
        return flip(data, rng)
    result = bytearray(data)
    for _ in range(rng.choice([1, 1, 50])):
        at = rng.randrange(start, len(data))
        extreme = rng.choice(
            [b"\xff" * 8, b"\0" * 8, b"\x80", struct.pack("<d", float("nan")), b"\0\0\x80\x7f"]
        )
        result[at : at + len(extreme)] = extreme
    return bytes(result[: len(data)])


PNG = b"\x89PNG\r\n\x1a\n"


def chunk(name: bytes, data: bytes) -> bytes:
    """A chunk of a PNG with its length and check sum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def chunks_of(data: bytes) -> list[tuple[bytes, bytes]]:
    """Names and contents of a PNG's chunks, as far as they are whole."""
    result, at = [], len(PNG)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if at + 12 + length > len(data):
            break
        result.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return result


EXTRA = [
    (b"tRNS", b"\0\1"), (b"tRNS", b""), (b"tRNS", b"\0\1\0\2\0\3"), (b"PLTE", b"\1\2\3" * 300),
    (b"eXIf", b"MM\0*\0\0\0\x08\0\1"),
    (b"eXIf", b"II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0"), (b"gAMA", b"\0"), (b"pHYs", b"\0"),
    (b"iCCP", b"x\0\0" + zlib.compress(bytes(1 << 21))), (b"zTXt", b"x\0\0" + zlib.compress(bytes(1 << 21))),
    (b"iTXt", b"x\0\1\0\0\0" + zlib.compress(bytes(1 << 21))), (b"acTL", b"\0\0\0\2\0\0\0\0"), (b"acTL", b"\0"),
    (b"fcTL", struct.pack(">IIIIIHHBB", 0, 2, 2, 1, 1, 1, 1, 2, 1)), (b"fdAT", b"\0\0\0\1abc"), (b"cHRM", bytes(32)),
    (b"IEND", b""), (b"IHDR", b"\0\0\0\1"), (b"tEXt", b"Raw profile type exif\0\nexif\n 4\n4d4d002a"),
]  # fmt: skip


def png(data: bytes, rng: random.Random) -> bytes:
    """A PNG with a chunk removed, doubled, moved, added, or changed, whose check sums are right."""
    parts = chunks_of(data)
    if not parts:
        return flip(data, rng)
    i = rng.randrange(len(parts))
    name, content = parts[i]
    action = rng.randrange(8)
    if action == 0:
        del parts[i]
    elif action == 1:
        parts.insert(rng.randrange(len(parts) + 1), parts[i])
    elif action == 2:
        parts.insert(rng.randrange(len(parts) + 1), rng.choice(EXTRA))
    elif action == 3 and name == b"IDAT":
        try:
            pixels = rng.choice(ANY)(zlib.decompress(content), rng)
        except zlib.error:
            pixels = bytes(100)
        parts[i] = (name, zlib.compress(pixels))
    elif action == 4 and parts[0][0] == b"IHDR" and len(parts[0][1]) == 13:
        header = list(struct.unpack(">IIBBBBB", parts[0][1]))
        field = rng.randrange(7)
        header[field] = rng.choice(
            [0, 1, 3, 10_000, 1 << 31] if field < 2 else [0, 1, 2, 3, 4, 6, 8, 16, 255]
        )
        parts[0] = (b"IHDR", struct.pack(">IIBBBBB", *header))
    else:
        parts[i] = (name, rng.choice(ANY)(content, rng))
    return PNG + b"".join(chunk(*part) for part in parts)


def jpeg(data: bytes, rng: random.Random) -> bytes:
    """A JPEG with a segment removed, doubled, moved, or changed inside, or another marker put in."""
    marks = [m.start() for m in re.finditer(rb"\xff[\xc0-\xfe]", data)]
    if len(marks) < 2:
        return flip(data, rng)
    i = rng.randrange(len(marks) - 1)
    a, b = marks[i], marks[i + 1]
    action = rng.randrange(6)
    if action == 0:
        return data[:a] + data[b:]
    if action == 1:
        return data[:b] + data[a:b] + data[b:]
    if action == 2:
        at = rng.choice(marks)
        return data[:at] + data[a:b] + data[at:]
    if action == 3:
        return data[: a + 1] + bytes([rng.randrange(0xC0, 0xFF)]) + data[a + 2 :]
    if action == 4:  # a segment's length, or a frame's size
        at = a + rng.choice([2, 5, 7])
        return data[:at] + rng.choice(NUMBERS[:10]).to_bytes(4, "big")[2:] + data[at + 2 :]
    return data[: a + 2] + rng.choice(ANY)(data[a + 2 : b], rng) + data[b:]


def xml(data: bytes, rng: random.Random) -> bytes:
    """An XML file with an element or an attribute removed, doubled, renamed, moved or given another value."""
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError):
        return flip(data, rng)
    everything = list(root.iter())
    parents = [e for e in everything if len(e)]
    with_attributes = [e for e in everything if e.attrib]
    strange = ["", "x", "-1", "0x", "0xFFFFFFFFFFFFFFFFFF", "1e400", "9" * 5000, "\u202e", "a.b/c:d", "0"]
    action = rng.randrange(8)
    if action < 3 and parents:
        parent = rng.choice(parents)
        child = parent[rng.randrange(len(parent))]
        if action == 0:
            parent.remove(child)
        elif action == 1:
            parent.append(copy.deepcopy(child))
        else:
            rng.choice(everything).append(copy.deepcopy(child))
    elif action == 3:
        rng.choice(everything).tag = rng.choice(["X", "MODULE", "PARAMETER", rng.choice(everything).tag])
    elif with_attributes:
        element = rng.choice(with_attributes)
        name = rng.choice(sorted(element.attrib))
        if action == 4:
            del element.attrib[name]
        elif action == 5:
            element.attrib["X"] = element.attrib.pop(name)
        elif action == 6:
            other = rng.choice(with_attributes)
            element.attrib[name] = rng.choice(sorted(other.attrib.values()))
        else:
            element.attrib[name] = rng.choice(strange)
    return ElementTree.tostring(root)
