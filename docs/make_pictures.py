# SPDX-License-Identifier: Apache-2.0
"""The README's picture, input | segmentation | depth, from a folder that `edgemoe cosim` left.

usage: make_pictures.py RUN OUT
"""

import json
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

NAMES = ("input", "segmentation", "depth")
HEIGHT = 256
GAP = 8
CAPTION = 26


def beside(run: Path) -> Image.Image:
    """The three pictures of a bit-exact run in a row, enlarged pixel by pixel, with captions."""
    report = json.loads((run / "report.json").read_text())
    if not report["bit_exact"] or report["backend"] != "rtl":
        raise SystemExit(f"{run} is no bit-exact run of the RTL; the README shows nothing else.")
    pictures = [Image.open(run / f"{name}.png").convert("RGB") for name in NAMES]
    width = HEIGHT * pictures[0].width // pictures[0].height
    row = Image.new("RGB", (3 * width + 2 * GAP, HEIGHT + CAPTION), "white")
    draw = ImageDraw.Draw(row)
    for index, (name, picture) in enumerate(zip(NAMES, pictures, strict=True)):
        left = index * (width + GAP)
        row.paste(picture.resize((width, HEIGHT), Image.Resampling.NEAREST), (left, 0))
        draw.text((left + 4, HEIGHT + 4), name, fill="#444444", font=ImageFont.load_default(16))
    return row


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    out = Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    beside(Path(sys.argv[1])).save(out / "nano.png", optimize=True)
