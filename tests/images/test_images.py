# SPDX-License-Identifier: Apache-2.0
"""Reading any PNG or JPEG, and the integer resize against its definition."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgemoe.errors import UserError
from edgemoe.images import enlarge, read_image, resize, write_png


def save(array: np.ndarray, path: Path, **options: object) -> Path:
    Image.fromarray(array).save(path, **options)
    return path


def mean_under(image: np.ndarray, height: int, width: int, i: int, j: int, channel: int) -> int:
    """The mean of the source area under output pixel (i, j), in rational numbers, rounded half up."""
    rows, columns, _ = image.shape
    total, area = Fraction(0), Fraction(rows * columns, height * width)
    for r in range(rows):
        tall = min(Fraction((i + 1) * rows, height), r + 1) - max(Fraction(i * rows, height), r)
        for c in range(columns):
            wide = min(Fraction((j + 1) * columns, width), c + 1) - max(Fraction(j * columns, width), c)
            if tall > 0 and wide > 0:
                total += tall * wide * int(image[r, c, channel])
    return (2 * total / area + 1).__floor__() // 2


@pytest.mark.parametrize("seed", range(6))
def test_resize_is_the_area_mean(seed: int) -> None:
    rng = np.random.default_rng(seed)
    source, (height, width) = rng.integers(1, 12, 2), rng.integers(1, 12, 2)
    image = rng.integers(0, 256, (*source, 3), dtype=np.uint8)
    result = resize(image, height, width)
    expected = [
        [[mean_under(image, height, width, i, j, c) for c in range(3)] for j in range(width)]
        for i in range(height)
    ]
    np.testing.assert_array_equal(result, expected)


def test_resize_to_the_same_size_changes_nothing() -> None:
    image = np.random.default_rng(0).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    np.testing.assert_array_equal(resize(image, 7, 9), image)


def test_resize_stays_exact_at_the_top_of_the_range() -> None:
    assert (resize(np.full((3001, 2003, 3), 255, np.uint8), 64, 128) == 255).all()


def test_enlarge_repeats_whole_pixels() -> None:
    labels = np.arange(6, dtype=np.uint8).reshape(2, 3)
    np.testing.assert_array_equal(enlarge(labels, 4, 9), labels.repeat(2, axis=0).repeat(3, axis=1))


def test_alpha_is_laid_over_black(tmp_path: Path) -> None:
    rgba = np.array([[[200, 100, 50, 255], [200, 100, 50, 0], [200, 101, 50, 128]]], np.uint8)
    pixels = read_image(save(rgba, tmp_path / "a.png"))
    assert pixels.tolist() == [[[200, 100, 50], [0, 0, 0], [100, 51, 25]]]


def test_sixteen_bit_grey_is_scaled(tmp_path: Path) -> None:
    grey = np.array([[0, 128, 129, 257, 65535]], np.uint16)
    assert read_image(save(grey, tmp_path / "g.png"))[0, :, 0].tolist() == [0, 0, 1, 1, 255]


def test_a_palette_with_a_transparent_colour(tmp_path: Path) -> None:
    image = Image.new("P", (2, 1))
    image.putpixel((1, 0), 1)
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.save(tmp_path / "p.png", transparency=0)
    assert read_image(tmp_path / "p.png").tolist() == [[[0, 0, 0], [40, 50, 60]]]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "CMYK"])
def test_every_mode_gives_rgb(tmp_path: Path, mode: str) -> None:
    name = "m.jpg" if mode == "CMYK" else "m.png"
    Image.new(mode, (5, 3)).save(tmp_path / name)
    pixels = read_image(tmp_path / name)
    assert pixels.shape == (3, 5, 3) and pixels.dtype == np.uint8


def test_exif_orientation_is_honoured(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[[255, 0, 0], [0, 0, 255]]], np.uint8))
    exif = image.getexif()
    exif[0x0112] = 6  # turned a quarter clockwise to be upright
    image.save(tmp_path / "e.png", exif=exif)
    assert read_image(tmp_path / "e.png").tolist() == [[[255, 0, 0]], [[0, 0, 255]]]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    image = np.random.default_rng(1).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    write_png(image, tmp_path / "w.png")
    np.testing.assert_array_equal(read_image(tmp_path / "w.png"), image)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n broken"])
def test_what_is_no_picture_is_a_message(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(content)
    with pytest.raises(UserError, match="cannot be read as PNG or JPEG"):
        read_image(path)


def test_a_cut_file_is_a_message(tmp_path: Path) -> None:
    path = save(np.random.default_rng(2).integers(0, 256, (64, 64, 3), dtype=np.uint8), tmp_path / "c.png")
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(UserError, match="cannot be read"):
        read_image(path)


def test_a_missing_file_is_a_message(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        read_image(tmp_path / "missing.png")
