# SPDX-License-Identifier: Apache-2.0
"""Reading any PNG or JPEG, and the integer resize against its definition."""

import struct
import subprocess
import sys
import time
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile, ImageOps
from wide import WIDE

from edgemoe.errors import UserError
from edgemoe.images import enlarge, fitted, read_image, resize, write_png

sys.path.insert(0, str(Path(__file__).parent))
import plain_png


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


@pytest.mark.parametrize("size", [(31, 50), (50, 31), (40, 40), (9, 400), (400, 9), (1, 77), (33, 34)])
def test_the_middle_is_that_of_the_whole_resized_picture(size: tuple[int, int]) -> None:
    """The crop of a picture whose shorter side is resized; half a pixel goes to the even side."""
    image = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    config = replace(WIDE["class"], resize="crop", resize_short=45)  # 24 x 40 is cut out
    long = 45 * max(size) // min(size)
    whole = resize(image, *((45, long) if size[0] <= size[1] else (long, 45)))
    top, left = round((whole.shape[0] - 24) / 2), round((whole.shape[1] - 40) / 2)
    np.testing.assert_array_equal(fitted(image, config), whole[top : top + 24, left : left + 40])
    stretched = replace(config, resize="stretch")
    np.testing.assert_array_equal(fitted(image, stretched), resize(image, 24, 40))


def test_a_crop_of_a_slender_picture_takes_no_memory_for_the_rest() -> None:
    """Its longer side would have 248 million columns."""
    image = np.random.default_rng(1).integers(0, 256, (1, 1_000_000, 3), dtype=np.uint8)
    config = replace(WIDE["class"], resize="crop", resize_short=248)
    tracemalloc.start()
    result = fitted(image, config)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6 and result.shape == (24, 40, 3)
    assert (result == result[:1]).all()  # one row of source


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


def test_a_huge_picture_is_resized_quickly_and_in_place() -> None:
    """10,000 × 10,000: a few times as long as adding up its bytes, in a sliver of its memory."""
    image = np.empty((10_000, 10_000, 3), np.uint8)
    image.reshape(10_000, -1)[...] = (np.arange(10_000) % 256).astype(np.uint8)[:, None]

    def seconds(action: Callable[[], object]) -> float:
        started = time.perf_counter()
        action()
        return time.perf_counter() - started

    tracemalloc.start()
    result = resize(image, 64, 128)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6
    assert 100 < result.mean() < 155
    fastest = min(seconds(lambda: resize(image, 64, 128)) for _ in range(3))
    assert fastest < 10 * min(seconds(image.sum) for _ in range(3))


@pytest.mark.parametrize("size", [(1, 300_000), (300_000, 1), (3, 100_000), (63, 1), (1, 1)])
def test_slender_pictures_are_resized_exactly(size: tuple[int, int]) -> None:
    """Against the definition with whole matrices, in both orders of summing."""
    image = np.random.default_rng(7).integers(0, 256, (*size, 3), dtype=np.uint8)

    def overlap(cells: int, source: int) -> np.ndarray:
        low = np.maximum.outer(np.arange(cells) * source, np.arange(source) * cells)
        high = np.minimum.outer(np.arange(1, cells + 1) * source, np.arange(1, source + 1) * cells)
        return np.maximum(high - low, 0)

    rows, columns = overlap(4, size[0]), overlap(6, size[1])
    sums = np.einsum("hr,rcx,wc->hwx", rows, image.astype(np.int64), columns, optimize=True)
    area = size[0] * size[1]
    np.testing.assert_array_equal(resize(image, 4, 6), (sums + area // 2) // area)


@pytest.mark.slow
def test_a_huge_picture_is_read_in_little_more_than_its_memory(tmp_path: Path) -> None:
    """The picture has 300 MB, Pillow's own copy of it 400."""
    stream = zlib.compressobj(1)
    row = b"\0" + bytes(range(1, 251)) * 120
    data = b"".join(stream.compress(row * 100) for _ in range(100)) + stream.flush()
    head = struct.pack(">IIBBBBB", 10_000, 10_000, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", data), (b"IEND", b"")]
    path = tmp_path / "huge.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(plain_png.chunk(*part) for part in parts))
    code = (
        "import resource, sys; from pathlib import Path; from edgemoe.images import read_image, resize;"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; before = peak();"
        "image = read_image(Path(sys.argv[1])); assert image.shape == (10000, 10000, 3); resize(image, 64, 128);"
        "print(peak() - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 800 * 1024 and not done.stderr


@pytest.mark.parametrize("orientation", range(10))
def test_every_orientation_as_pillow_turns_it(tmp_path: Path, orientation: int) -> None:
    """1 to 8; what is none of them leaves the picture as it is."""
    image = Image.fromarray(np.random.default_rng(3).integers(0, 256, (3, 5, 3), dtype=np.uint8))
    exif = image.getexif()
    exif[0x0112] = orientation
    for name in ("e.png", "e.jpg"):
        image.save(tmp_path / name, exif=exif)
        with Image.open(tmp_path / name) as opened:
            upright = np.asarray(ImageOps.exif_transpose(opened))
        np.testing.assert_array_equal(read_image(tmp_path / name), upright)


def test_damaged_exif_is_refused(tmp_path: Path) -> None:
    """Which way is up is then not known; the message says what to do."""
    for name in ("e.png", "e.jpg"):
        Image.new("RGB", (2, 2)).save(tmp_path / name, exif=b"Exif\0\0no TIFF at all")
        with pytest.raises(UserError, match=r"its EXIF data can't be read \(.*Remove the EXIF data"):
            read_image(tmp_path / name)


def test_a_jpeg_of_four_inks(tmp_path: Path) -> None:
    """CMYK as Pillow converts it, whole and in strips."""
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "c.jpg", quality=95)
    red, green, blue = read_image(tmp_path / "c.jpg")[8, 8]
    assert red > 240 and green < 15 and blue < 15


def test_a_jpeg_of_endless_scans_is_refused(tmp_path: Path) -> None:
    """A scan of some hundred bytes costs a pass over the whole picture."""
    Image.new("L", (2000, 2000), 128).save(tmp_path / "p.jpg", progressive=True)
    data = (tmp_path / "p.jpg").read_bytes()
    scan = data[data.rindex(b"\xff\xda") : -2]
    (tmp_path / "p.jpg").write_bytes(data[:-2] + 5000 * scan + data[-2:])
    started = time.perf_counter()
    with pytest.raises(UserError, match=r"has 500\d scans; at most 40"):
        read_image(tmp_path / "p.jpg")
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    "error",
    [
        ValueError,
        OSError,
        SyntaxError,
        zlib.error,
        struct.error,
        EOFError,
        IndexError,
        KeyError,
        OverflowError,
    ]
    + [MemoryError, AttributeError, TypeError, RecursionError, AssertionError, Image.DecompressionBombError],
    ids=lambda error: error.__name__,
)
def test_whatever_pillow_raises_is_one_message(
    error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error()

    path = save(np.zeros((4, 4, 3), np.uint8), tmp_path / "x.png")
    monkeypatch.setattr(ImageFile.ImageFile, "load", fail)
    with pytest.raises(UserError, match=r"x\.png cannot be read as PNG or JPEG: \w+"):
        read_image(path)


def test_of_a_jpeg_with_more_pictures_it_is_the_first(tmp_path: Path) -> None:
    """As phones write them (MPO)."""
    first, second = Image.new("RGB", (16, 16), (255, 0, 0)), Image.new("RGB", (16, 16), (0, 0, 255))
    first.save(tmp_path / "m.jpg", "MPO", save_all=True, append_images=[second])
    assert read_image(tmp_path / "m.jpg")[8, 8, 0] > 240


def test_a_large_picture_is_written_quickly(tmp_path: Path) -> None:
    """Not with zlib's defaults, which take minutes for a few of 100 million pixels."""
    noise = np.random.default_rng(1).integers(-3, 4, (1000, 1000, 3))  # as in a photograph
    pixels = (noise + np.linspace(20, 230, 1000)[:, None]).astype(np.uint8)
    started = time.process_time()
    Image.fromarray(pixels).save(tmp_path / "default.png")
    by_default = time.process_time() - started
    started = time.process_time()
    write_png(pixels, tmp_path / "ours.png")
    assert time.process_time() - started < by_default / 2
    assert (tmp_path / "ours.png").stat().st_size < 1.1 * (tmp_path / "default.png").stat().st_size


def test_an_enlarged_picture_lies_in_memory_as_it_is_written() -> None:
    assert enlarge(np.zeros((4, 8, 3), np.uint8), 20, 30).flags.c_contiguous
