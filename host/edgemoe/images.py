# SPDX-License-Identifier: Apache-2.0
"""Pictures in and out of a model: PNG or JPEG of any mode to uint8 RGB, and integer resizing.

All of it is integer arithmetic, because the accelerator's result is compared bit by bit: the same file must
give the same pixels everywhere.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from edgemoe.errors import UserError

Pixels = npt.NDArray[np.uint8]
"""uint8, H×W×3, RGB."""

MAX_PIXELS = 100_000_000
"""Largest picture that is read: a bound on memory, and what keeps the resize's sums exact."""


def read_image(path: Path) -> Pixels:
    """Read a PNG or JPEG as uint8 H×W×3, upright.

    EXIF orientation is applied; alpha is laid over black, `(c*a + 127) // 255`; 16-bit grey becomes
    `(v + 128) // 257`. Of 16-bit colour the high bytes are taken.
    """
    if not path.is_file():
        raise UserError(f"Image {path} does not exist or is no file; give a PNG or JPEG.")
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                size = f"{opened.height}×{opened.width}"
                raise UserError(
                    f"Image {path} is {size}; at most {MAX_PIXELS} pixels are read. Make it smaller."
                )
            opened.load()
            return _rgb(ImageOps.exif_transpose(opened))
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise UserError(f"Image {path} cannot be read as PNG or JPEG: {error}") from error


def _rgb(image: Image.Image) -> Pixels:
    """Any mode of Pillow to uint8 H×W×3."""
    if image.mode.startswith("I"):  # 16-bit grey, whichever way this Pillow stores it
        grey = (np.asarray(image).astype(np.int64).clip(0, 65535) + 128) // 257
        return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)
    if "A" in image.mode or "transparency" in image.info:
        rgba = np.asarray(image.convert("RGBA")).astype(np.int64)
        return ((rgba[..., :3] * rgba[..., 3:] + 127) // 255).astype(np.uint8)
    return np.array(image.convert("RGB"))


def _overlap(size: int, source: int) -> npt.NDArray[np.float64]:
    """How much of source cell r lies in output cell i, (size, source), in units of 1/size of a source cell.

    Both divide the same length: source cell r spans [r·size, (r+1)·size), output cell i spans
    [i·source, (i+1)·source). Whole numbers; each row sums to `source`.
    """
    low = np.maximum.outer(np.arange(size) * source, np.arange(source) * size)
    high = np.minimum.outer(np.arange(1, size + 1) * source, np.arange(1, source + 1) * size)
    return np.maximum(high - low, 0).astype(np.float64)


def resize(image: Pixels, height: int, width: int) -> Pixels:
    """Area average: an output pixel is the mean of the source area under it, rounded half up.

    With overlap weights A (height, H) and B (width, W), whole numbers, the result is
    `(A·image·Bᵀ + H·W // 2) // (H·W)`. The aspect ratio is not kept: the picture is stretched to fit.
    """
    source_height, source_width, _ = image.shape
    rows, columns = _overlap(height, source_height), _overlap(width, source_width)
    # float64 holds these sums exactly (below 255 · MAX_PIXELS < 2^53) and multiplies matrices fast.
    sums = np.stack([rows @ image[..., c].astype(np.float64) @ columns.T for c in range(3)], axis=-1)
    area = source_height * source_width
    return ((sums.astype(np.int64) + area // 2) // area).astype(np.uint8)


def enlarge(array: npt.NDArray[Any], height: int, width: int) -> npt.NDArray[Any]:
    """Nearest neighbour, H×W(×…) to height×width(×…): for labels and pictures at the original size."""
    rows = (2 * np.arange(height) + 1) * array.shape[0] // (2 * height)
    columns = (2 * np.arange(width) + 1) * array.shape[1] // (2 * width)
    return array[rows][:, columns]


def write_png(pixels: Pixels, path: Path) -> None:
    """Write uint8 H×W×3 as PNG."""
    Image.fromarray(pixels).save(path, format="PNG")
