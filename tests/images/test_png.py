# SPDX-License-Identifier: Apache-2.0
"""Every kind of PNG against a plain decoder: colour types, depths, transparency, filters, interlacing."""

from __future__ import annotations

import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgemoe.errors import UserError
from edgemoe.images import read_grey, read_image
from edgemoe.png import raw_bytes

sys.path.insert(0, str(Path(__file__).parent))
import plain_png

KINDS = [(colour, depth) for colour, depths in plain_png.DEPTHS.items() for depth in depths]
NAMES = {0: "grey", 2: "colour", 3: "palette", 4: "grey and alpha", 6: "colour and alpha"}


def transparency(colour: int, depth: int, samples: np.ndarray) -> list[tuple[bytes, bytes]]:
    """tRNS naming the first pixel's colour, or half of the palette's opacities."""
    if colour == 3:
        return [(b"tRNS", bytes(range(0, 250, 16))[: max(1, (1 << depth) // 2)])]
    return [(b"tRNS", struct.pack(f">{samples.shape[2]}H", *samples[0, 0]))] if colour in (0, 2) else []


@pytest.mark.parametrize("interlaced", [False, True], ids=["plain", "interlaced"])
@pytest.mark.parametrize("transparent", [False, True], ids=["opaque", "transparent"])
@pytest.mark.parametrize(("colour", "depth"), KINDS, ids=[f"{NAMES[c]} {d}" for c, d in KINDS])
def test_every_kind_as_the_plain_decoder_reads_it(
    colour: int, depth: int, transparent: bool, interlaced: bool, tmp_path: Path
) -> None:
    for seed, size in enumerate([(1, 1), (5, 7), (9, 8), (2, 1), (17, 3)]):
        rng = np.random.default_rng(seed)
        samples = rng.integers(0, 1 << depth, (*size, plain_png.CHANNELS[colour]))
        samples[-1, -1] = samples[0, 0]  # the transparent colour occurs again
        chunks = [(b"PLTE", rng.bytes(3 << depth))] if colour == 3 else []
        chunks += transparency(colour, depth, samples) if transparent else []
        data = plain_png.encode(samples, colour, depth, *chunks, interlaced=interlaced, seed=seed)
        (tmp_path / "x.png").write_bytes(data)
        np.testing.assert_array_equal(read_image(tmp_path / "x.png"), plain_png.decode(data))


def test_near_the_transparent_colour_of_16_bits_is_not_it(tmp_path: Path) -> None:
    """Only all 16 bits of all channels make a pixel transparent."""
    key = (0x1234, 0x5678, 0x9ABC)
    samples = np.array([[key, (0x1235, *key[1:]), (*key[:2], 0x9AFF)]])
    chunks = [(b"tRNS", struct.pack(">3H", *key))]
    (tmp_path / "x.png").write_bytes(plain_png.encode(samples, 2, 16, *chunks, interlaced=False, seed=0))
    assert read_image(tmp_path / "x.png").tolist() == [[[0, 0, 0], [0x12, 0x56, 0x9A], [0x12, 0x56, 0x9A]]]


def test_the_first_picture_of_an_animation(tmp_path: Path) -> None:
    first, second = Image.new("RGB", (3, 2), (1, 2, 3)), Image.new("RGB", (3, 2), (9, 9, 9))
    first.save(tmp_path / "x.png", save_all=True, append_images=[second])
    assert (read_image(tmp_path / "x.png") == (1, 2, 3)).all()


@pytest.mark.parametrize("interlaced", [False, True])
def test_a_picture_that_ends_early_is_refused(interlaced: bool, tmp_path: Path) -> None:
    """Pillow would leave the rest black; all check sums are right."""
    samples = np.full((9, 5, 1), 200)
    data = plain_png.encode(samples, 0, 8, interlaced=interlaced, seed=3)
    at = data.index(b"IDAT")
    length = int.from_bytes(data[at - 4 : at], "big")
    raw = zlib.decompress(data[at + 4 : at + 4 + length])
    assert len(raw) == raw_bytes(5, 9, 8, 0, interlaced)
    for kept in (1, len(raw) // 2, len(raw) - 1):
        picture = plain_png.chunk(b"IDAT", zlib.compress(raw[:kept]))
        (tmp_path / "x.png").write_bytes(data[: at - 4] + picture + plain_png.chunk(b"IEND", b""))
        for read in (read_image, read_grey):
            with pytest.raises(UserError, match=r"are missing|truncated"):
                read(tmp_path / "x.png")


def test_a_black_picture_is_a_picture(tmp_path: Path) -> None:
    Image.new("RGB", (700, 800)).save(tmp_path / "x.png")
    assert not read_image(tmp_path / "x.png").any()


def test_labels_are_read_as_they_are(tmp_path: Path) -> None:
    labels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    Image.fromarray(labels).save(tmp_path / "l.png")
    np.testing.assert_array_equal(read_grey(tmp_path / "l.png"), labels)
    for mode in ("RGB", "P", "LA", "1", "I;16"):
        Image.new(mode, (4, 3)).save(tmp_path / "l.png")
        with pytest.raises(UserError, match="8-bit grey"):
            read_grey(tmp_path / "l.png")
