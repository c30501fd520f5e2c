# SPDX-License-Identifier: Apache-2.0
"""Pictures as `data:` addresses, so that a page needs no file beside it, and pages written whole."""

import base64
import io
import os
import warnings
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment
    from PIL.Image import Image


def data_address(path: Path, most: int) -> str:
    """A PNG file as it is; one of more than `most` pixels a side scaled down, as JPEG: a page must stay readable."""
    if max(size_of(path) or (0,)) > most and (smaller := small_address(path, most)):
        return smaller
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()


def small_address(path: Path, width: int, *, grey: bool = False) -> str | None:
    """A picture scaled down to at most `width` pixels, as JPEG; None where there is none that can be read."""
    picture = _opened(path)
    if picture is None:
        return None
    picture.thumbnail((width, 4 * width))
    buffer = io.BytesIO()
    picture.convert("L" if grey else "RGB").save(buffer, "JPEG", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def aspect_of(path: Path) -> float | None:
    """Height / width of a picture; None where there is none that can be read."""
    size = size_of(path)
    return size[1] / size[0] if size else None


def size_of(path: Path) -> tuple[int, int] | None:
    """Width and height that a picture's header tells; None where there is none."""
    picture = _opened(path, load=False)
    return None if picture is None else picture.size


def _opened(path: Path, *, load: bool = True) -> "Image | None":
    from PIL import Image

    with warnings.catch_warnings():
        # Large pictures are the run's own; it has already refused those that it would not read.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            with Image.open(path) as picture:
                if load:
                    picture.load()
                return picture
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            return None


@cache
def _environment(package: str) -> "Environment":
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    packages = dict.fromkeys((package, "edgemoe.report"))
    return Environment(
        loader=ChoiceLoader([PackageLoader(name, "templates") for name in packages]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )


def rendered(template: str, values: Mapping[str, Any], package: str = "edgemoe.report") -> str:
    """A template of this package, or of another that has some of its own, as text, everything from the data escaped."""
    return _environment(package).get_template(template).render(values)


def write_whole(path: Path, text: str) -> None:
    """Write UTF-8 text beside `path`, then put it in place: nobody reads half of it."""
    fresh = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        fresh.write_text(text, encoding="utf-8", errors="backslashreplace")
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
