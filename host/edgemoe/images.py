# SPDX-License-Identifier: Apache-2.0
"""Pictures in and out of a model: PNG or JPEG of any mode to uint8 RGB, and integer resizing.

All of it is integer arithmetic, because the accelerator's result is compared bit by bit: the same file must
give the same pixels everywhere.
"""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile, PngImagePlugin, UnidentifiedImageError

from edgemoe.config import ModelConfig
from edgemoe.errors import UserError, shown
from edgemoe.files import open_regular
from edgemoe.png import missing_bytes

Pixels = npt.NDArray[np.uint8]
"""uint8, H×W×3, RGB."""

LABELS = ".labels.png"
"""Ends the name of the label map that lies beside a scene's picture."""

MAX_PIXELS = 100_000_000
"""Largest picture that is read: a bound on memory."""

MAX_UPLOAD_BYTES = 64 << 20
"""Largest file that is taken from somebody's browser: a bound on the disk."""

MAX_SCANS = 40  # of a JPEG
SCAN = b"\xff\xda"  # begins one
STRIP = 1 << 20  # pixels that are converted, or columns that are summed, at a time
ORIENTATION = 0x0112  # EXIF's tag; 1 is upright
UPRIGHT = {  # orientation -> the view of (H,W,...) that is upright
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a[::-1].swapaxes(0, 1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a.swapaxes(0, 1)[::-1],
}
GREY_BITS = {"1": 1, "L;2": 2, "L;4": 4, "L": 8, "I;16B": 16}  # how Pillow calls a PNG's grey -> its bits


def read_image(path: Path, hint: str = "it does not exist; give a PNG or JPEG") -> Pixels:
    """Read a PNG or JPEG as uint8 H×W×3, upright.

    EXIF orientation is applied. Alpha is laid over black, `(c*a + 127) // 255`; a colour that a PNG names as
    transparent has alpha 0, compared at the file's own depth. 16-bit grey becomes `(v + 128) // 257`; of 16-bit
    colour, and of 16-bit grey with an alpha channel, the high bytes are taken. Of an animated PNG it is the first
    picture. A file whose EXIF data can't be read is refused, since nobody knows which way it is up.

    hint: what is said if there is no such file.
    """
    with _opened(path, hint) as image:
        raw = _raw_mode(image)
        image.load()  # before EXIF, which a PNG may hold after its picture
        _check_complete(image, path)
        turn = UPRIGHT.get(_orientation(image, path))
        if raw == "RGB;16B" and "transparency" in image.info:
            pixels = _rgb(image, raw, _low_bytes(path))
        else:
            pixels = _rgb(image, raw)
    return pixels if turn is None else np.ascontiguousarray(turn(pixels))


def read_grey(path: Path) -> npt.NDArray[np.uint8]:
    """Read an 8-bit grey PNG, such as a picture of labels, as it is: uint8 H×W."""
    with _opened(path, "it does not exist") as image:
        if _raw_mode(image) != "L" or "transparency" in image.info:
            raise UserError(f"Image {path} is no 8-bit grey PNG without alpha.")
        image.load()
        _check_complete(image, path)
        return np.array(image)


@contextmanager
def _opened(path: Path, hint: str) -> Iterator[ImageFile.ImageFile]:
    """The picture, open; whatever Pillow raises on a damaged file is one UserError."""
    with open_regular(path, "Image", hint) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of large pictures, and of damage that it can live with
        try:
            with Image.open(file, formats=("PNG", "JPEG")) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise UserError(
                        f"Image {path} is {image.height}×{image.width}; at most {MAX_PIXELS} pixels are read. "
                        "Make it smaller."
                    )
                if image.format != "PNG":  # "MPO" is a JPEG with more pictures after it
                    _check_scans(file, path)
                yield image
        except UserError:
            raise
        except UnidentifiedImageError as error:  # its own text quotes a buffer
            raise UserError(
                f"Image {path} cannot be read as PNG or JPEG: its beginning is damaged, or of another kind of file."
            ) from error
        # Pillow does not say what it raises; ValueError, SyntaxError, zlib.error and struct.error were seen.
        except Exception as error:
            raise UserError(f"Image {path} cannot be read as PNG or JPEG: {shown(error)}.") from error


def _check_scans(file: BinaryIO, path: Path) -> None:
    """UserError for a JPEG of more scans than programs write: each, of a few bytes, costs a pass over the picture."""
    scans, before, at = 0, b"", file.tell()
    file.seek(0)
    while piece := file.read(STRIP):
        scans += (before + piece).count(SCAN)  # inside a scan, 0xff is never followed by this
        before = piece[-1:]
    file.seek(at)
    if scans > MAX_SCANS:
        raise UserError(
            f"Image {path} has {scans} scans; at most {MAX_SCANS} are read. Save the picture again."
        )


def _raw_mode(image: ImageFile.ImageFile) -> str:
    """How a picture that isn't loaded yet lies in its PNG, in Pillow's words; empty for a JPEG."""
    return str(image.tile[0][3]) if image.format == "PNG" and image.tile else ""


def _check_complete(image: ImageFile.ImageFile, path: Path) -> None:
    """UserError for a PNG whose compressed data ends before its picture, which leaves its last rows black.

    To count the data takes as long as to read it, so it is done for a picture that looks like it.
    """
    if image.format != "PNG":
        return
    last = np.asarray(image.crop((0, image.height - 1, image.width, image.height)))
    if last.any() and not image.info.get("interlace"):
        return
    with open_regular(path, "Image") as file:
        missing = missing_bytes(file)
    if missing:
        raise UserError(
            f"Image {path} cannot be read as PNG or JPEG: the last {missing:,} bytes are missing."
        )


def _orientation(image: Image.Image, path: Path) -> int:
    """EXIF's orientation; 1 if there is none. UserError if there may be one that can't be found."""
    with warnings.catch_warnings(
        record=True
    ) as said:  # how Pillow speaks of a part of EXIF that it can't read
        warnings.simplefilter("always")
        try:
            exif = Image.Exif()  # not the picture's own: opening a JPEG may have swallowed what was wrong
            exif.load(image.info.get("exif", b""))
            found = exif.get(ORIENTATION) or image.getexif().get(ORIENTATION)  # which XMP may hold, too
            if found is not None or not said:
                return int(found or 1)
            reason: object = str(said[0].message)
        except Exception as error:  # as above
            reason = error
    raise UserError(
        f"Image {path}: its EXIF data can't be read ({shown(reason)}), so which way is up is not known. Remove the "
        "EXIF data, or save the picture again."
    )


def _low_bytes(path: Path) -> Pixels:
    """The low bytes of a PNG of 16-bit colour, H×W×3; Pillow keeps the high ones."""
    with _opened(path, "it does not exist") as image:
        codec, extent, offset, _ = image.tile[0]
        # As if the bytes were the other way round. Older versions of Pillow have plain tuples here.
        image.tile = [(codec, extent, offset, "RGB;16L")]  # type: ignore[list-item]
        return np.array(image)


def _rgb(image: Image.Image, raw: str, low: Pixels | None = None) -> Pixels:
    """Any mode of Pillow to uint8 H×W×3, strip by strip.

    raw: `_raw_mode`. low: the low bytes of 16-bit colour, if one colour of it is transparent.
    """
    result = np.empty((image.height, image.width, 3), np.uint8)
    key = image.info.get("transparency")
    rows = max(1, STRIP // image.width)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        part = slice(top, top + rows)
        if strip.mode.startswith("I"):  # 16-bit grey, whichever way this Pillow stores it
            grey = np.asarray(strip).astype(np.int64).clip(0, 65535)
            result[part] = ((grey + 128) // 257 * (grey != key))[..., None]
        elif raw in GREY_BITS:
            grey = np.asarray(strip.convert("L"))
            scale = 255 // ((1 << GREY_BITS[raw]) - 1)  # Pillow has multiplied the values by it
            seen = True if key is None else grey != (key & ((1 << GREY_BITS[raw]) - 1)) * scale
            result[part] = (grey * seen)[..., None]
        elif raw.startswith("RGB") and not raw.startswith("RGBA"):
            colour = np.asarray(strip)
            result[part] = colour if key is None else colour * _differs(colour, low, part, key)[..., None]
        elif strip.mode in ("LA", "RGBA") or key is not None:
            rgba = np.asarray(strip.convert("RGBA")).astype(np.uint16)
            result[part] = (rgba[..., :3] * rgba[..., 3:] + 127) // 255
        else:
            result[part] = np.asarray(strip.convert("RGB"))
    return result


def _differs(
    colour: npt.NDArray[Any], low: Pixels | None, part: slice, key: tuple[int, ...]
) -> npt.NDArray[np.bool_]:
    """Where a strip of 8-bit or 16-bit colour is not the transparent one, H×W."""
    if low is None:
        return (colour != np.array(key) % 256).any(axis=2)
    return (colour.astype(np.int64) * 256 + low[part] != np.array(key)).any(axis=2)


def as_pixels(image: Any) -> Pixels:
    """An image in any of the forms that programs have, as uint8 H×W×3, RGB.

    Args:
        image: the path of a PNG or JPEG, a PIL image, or a uint8 array (H, W), grey, or (H, W, 3), RGB. Of a PIL image
            the modes are taken as of a file, but its EXIF orientation is not applied: the program may have turned it.

    Raises:
        UserError: anything else; the message says what was given and how to make it fit.
    """
    if isinstance(image, str | Path):
        return read_image(Path(image))
    if isinstance(image, Image.Image):
        if not image.width * image.height:
            raise UserError(f"The image is {image.height}×{image.width}: it has no pixels.")
        if image.mode == "F":
            raise UserError(
                "The image is of floats (mode F), whose range is unknown; scale it to 0 … 255 and mode L."
            )
        return _rgb(image, "")
    if not isinstance(image, np.ndarray):
        raise UserError(f"An image is a path, a PIL image or a uint8 array, not a {type(image).__name__}.")
    if image.dtype != np.uint8:
        raise UserError(
            f"An image array must be uint8, 0 … 255, not {image.dtype}; of floats in 0 … 1: "
            "`(255 * image).round().astype(np.uint8)`."
        )
    if not (image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)) or not image.size:
        raise UserError(
            f"An image array must be of shape (H, W) or (H, W, 3), not {image.shape}. Of (3, H, W) make "
            "`image.transpose(1, 2, 0)`, of (H, W, 4) `image[..., :3]`, of a batch take one image."
        )
    pixels = np.asarray(image)
    return np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else pixels


Window = tuple[int, int, int, int]
"""Top, left, height and width of a part."""


def fitted(image: Pixels, config: ModelConfig) -> Pixels:
    """The pixels that a model gets of an image, as its config says: stretched, or the middle of it."""
    if config.resize == "stretch":
        return resize(image, config.height, config.width)
    rows, columns = image.shape[:2]
    short, long = config.resize_short, config.resize_short * max(rows, columns) // min(rows, columns)
    height, width = (short, long) if rows <= columns else (long, short)
    # Half a pixel goes to the even side, as in torchvision's CenterCrop.
    top, left = round((height - config.height) / 2), round((width - config.width) / 2)
    return resize(image, height, width, (top, left, config.height, config.width))


def resize(image: Pixels, height: int, width: int, window: Window | None = None) -> Pixels:
    """Area average: an output pixel is the mean of the source area under it, rounded half up.

    With A (height, H): how much of source row r lies in output row i, in units of 1/height of a row, and B (width, W)
    likewise, both of whole numbers, the result is `(A·image·Bᵀ + H·W // 2) // (H·W)`. The aspect ratio is not kept:
    the picture is stretched to fit. All sums are int64 and at most 255 · H · (W + 2·width), so they are exact;
    besides the result, memory is taken for a few million values. window: the part of the result that is wanted.
    """
    rows, columns = image.shape[:2]
    top0, left0, high, wide = window or (0, 0, height, width)
    if rows < 2 * height and columns > 2 * width:  # then summing along the columns first takes fewer steps
        turned = resize(image.swapaxes(0, 1), width, height, (left0, top0, wide, high))
        return np.ascontiguousarray(turned.swapaxes(0, 1))
    result = np.empty((high, wide, 3), np.uint8)
    area = rows * columns
    block = max(1, width * STRIP // columns)  # columns of the result whose source is summed at a time
    for left in range(0, wide, block):
        j = left0 + np.arange(left, min(left + block, wide))
        begin, end, before, after = _span(j, width, columns)
        source = image[:, begin[0] : end[-1]]
        for i in range(high):
            top, bottom, above, below = _span(top0 + i, height, rows)
            part = source[top:bottom]
            line = part.sum(axis=0, dtype=np.int64) * height
            line -= above * part[0].astype(np.int64) + below * part[-1].astype(np.int64)
            running = np.concatenate([np.zeros((1, 3), np.int64), line.cumsum(axis=0)])
            sums = (running[end - begin[0]] - running[begin - begin[0]]) * width
            sums -= before[:, None] * line[begin - begin[0]] + after[:, None] * line[end - 1 - begin[0]]
            result[i, left : left + len(j)] = (sums + area // 2) // area
    return result


def _span(i: Any, size: int, source: int) -> tuple[Any, Any, Any, Any]:
    """Source cells begin .. end - 1 under output cell i, and how much of the first and the last lies outside it.

    Both divide one length: source cell r spans [r·size, (r+1)·size), output cell i spans [i·source, (i+1)·source); what
    lies outside counts in the same unit, 1/size of a source cell. i: an integer or an array of them.
    """
    begin, end = i * source // size, -(-(i + 1) * source // size)
    return begin, end, i * source - begin * size, end * size - (i + 1) * source


def enlarge(array: npt.NDArray[Any], height: int, width: int) -> npt.NDArray[Any]:
    """Nearest neighbour, H×W(×…) to height×width(×…): for labels and pictures at the original size."""
    rows = (2 * np.arange(height) + 1) * array.shape[0] // (2 * height)
    columns = (2 * np.arange(width) + 1) * array.shape[1] // (2 * width)
    # A row is stretched once, then repeated: the result lies in memory as it is written, and no page is touched twice.
    return array.take(columns, axis=1).take(rows, axis=0)


def write_png(pixels: npt.NDArray[np.uint8], path: Path, text: str = "") -> None:
    """Write uint8 H×W×3, or grey H×W, as PNG. text: kept in the file as "Software".

    Photographs have few repetitions but of single bytes. To look for no others takes a fifth of the time, and the
    file is no larger: with zlib's defaults a picture of 100 million pixels takes a minute.
    """
    info = PngImagePlugin.PngInfo()
    if text:
        info.add_text("Software", text)
    Image.fromarray(pixels).save(path, format="PNG", pnginfo=info, compress_level=1, compress_type=zlib.Z_RLE)


def software(path: Path) -> str:
    """The text that `write_png` kept in a PNG; empty if there is none."""
    with _opened(path, "it does not exist") as image:
        return str(image.info.get("Software", ""))
