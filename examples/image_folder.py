# SPDX-License-Identifier: Apache-2.0
"""All images of a folder: a depth picture of each, and a word about one that is no image."""

import sys
from pathlib import Path

from PIL import Image
from pynq import Overlay

import edgemoe
from edgemoe.errors import UserError
from edgemoe.notebooks import FRAMES
from edgemoe.report.pictures import depth_picture

OVERLAY = sys.argv[1] if len(sys.argv) > 1 else "build/overlay/sim-small/edgemoe.bit"
FOLDER = Path(sys.argv[2]) if len(sys.argv) > 2 else FRAMES

out = Path("build/examples/depth")
out.mkdir(parents=True, exist_ok=True)
with edgemoe.Accelerator(Overlay(OVERLAY)) as accelerator:
    accelerator.load("models/nano.package.safetensors")
    for picture in sorted(path for path in FOLDER.iterdir() if path.is_file())[:3]:
        try:
            metres = accelerator.infer(picture, "depth")
        except UserError as refused:
            print(refused)
            continue
        Image.fromarray(depth_picture(metres)).save(out / f"{picture.stem}.png")
        print(f"{picture.name}: {metres.mean():.1f} m in the mean")
