# SPDX-License-Identifier: Apache-2.0
"""The picture of the page that `edgemoe demo` serves, docs/pictures/demo.png: `make pictures`. It needs chromium."""

import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests"))

from browser import Browser  # noqa: E402, what the tests drive
from served import serving  # noqa: E402

from edgemoe import faults  # noqa: E402
from edgemoe.errors import UserError  # noqa: E402

WIDTH, HEIGHT = 1200, 1150


def main() -> None:
    """Open the page with the simulated device, wait for its first result, keep what is seen."""
    program = shutil.which("chromium")
    if program is None:
        raise UserError("There is no chromium in PATH; Debian's package `chromium` has it.")
    target = ROOT / "docs" / "pictures" / "demo.png"
    with tempfile.TemporaryDirectory() as folder, serving() as served:
        with Browser(program, Path(folder)).driven() as driven:
            tab = driven.tab(served.address, WIDTH, HEIGHT)
            tab.wait("document.querySelector('#result article')", 240)
            tab.picture(Path(folder) / "page.png", whole=False)
        with Image.open(Path(folder) / "page.png") as picture:
            picture.convert("RGB").quantize(128).save(target, optimize=True)


if __name__ == "__main__":
    faults.end(main)
