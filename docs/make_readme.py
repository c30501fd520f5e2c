# SPDX-License-Identifier: Apache-2.0
"""The README's picture and its figures, from a folder that `edgemoe cosim` left: `make pictures`.

usage: make_readme.py RUN

Writes docs/pictures/nano.png (input | segmentation | depth) and two drawings of the report, for the tutorial; keeps
the figures as docs/pictures/run.json, and puts them, and those of models/figures.json, into the README between its
markers. tests/docs checks that the README agrees with both files.
"""

import json
import sys
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from edgemoe import faults
from edgemoe.quant.evaluate import accuracy_table
from edgemoe.report import drawings

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
README = ROOT / "README.md"
NAMES = ("input", "segmentation", "depth")
HEIGHT, GAP, CAPTION = 256, 8, 26
KEPT = (
    "model",
    "board",
    "mac_utilisation",
    "linear_mac_utilisation",
    "macs_per_cycle_peak",
    "clock_mhz",
    "dram",
)
FIGURES = ROOT / "models" / "figures.json"
END = "<!-- end -->"


def beside(run: Path) -> Image.Image:
    """The three pictures of a run in a row, enlarged pixel by pixel, with captions."""
    pictures = [Image.open(run / f"{name}.png").convert("RGB") for name in NAMES]
    width = HEIGHT * pictures[0].width // pictures[0].height
    row = Image.new("RGB", (3 * width + 2 * GAP, HEIGHT + CAPTION), "white")
    draw = ImageDraw.Draw(row)
    for index, (name, picture) in enumerate(zip(NAMES, pictures, strict=True)):
        left = index * (width + GAP)
        row.paste(picture.resize((width, HEIGHT), Image.Resampling.NEAREST), (left, 0))
        draw.text((left + 4, HEIGHT + 4), name, fill="#444444", font=ImageFont.load_default(16))
    return row


def figures(run: Path) -> dict[str, Any]:
    """What the README tells of a run; only a bit-exact run of the RTL will do."""
    report = json.loads((run / "report.json").read_text())
    if not report["bit_exact"] or report["backend"] != "rtl":
        raise SystemExit(f"{run} is no bit-exact run of the RTL; the README shows nothing else.")
    kept = {key: report[key] for key in KEPT}
    totals = ("cycles", "backbone_cycles")
    kept["task"] = {name: {key: task[key] for key in totals} for name, task in report["task"].items()}
    return kept


def table(kept: dict[str, Any]) -> str:
    """The README's table of a run."""
    dram = kept["dram"]
    lines = [
        f"One image of `{kept['model']}` on `{kept['board']}`, bit-exact, counted in the RTL with a DRAM of "
        f"{dram['ports']} ports, {dram['bits']} bits a cycle together, and {dram['latency']} cycles latency:",
        "",
        "| | cycles, whole | cycles, backbone |",
        "|---|---|---|",
        *[
            f"| {name} | {task['cycles']:,} | {task['backbone_cycles']:,} |"
            for name, task in kept["task"].items()
        ],
        "",
        f"The {kept['macs_per_cycle_peak']} multipliers are used {100 * kept['mac_utilisation']:.1f} % of the "
        f"backbone's time, and {100 * kept['linear_mac_utilisation']:.1f} % of the time of its linear layers.",
    ]
    return "\n".join(lines) + "\n"


def charts(run: Path) -> dict[str, str]:
    """Two of the report's drawings as SVG files, for the tutorial."""
    drawn = drawings(run, "segmentation")
    return {name: "\n".join(line.rstrip() for line in svg.splitlines()) + "\n" for name, svg in drawn.items()}


def filled(text: str, kept: dict[str, Any], models: dict[str, Any]) -> str:
    """The README with its tables made anew."""
    for name, made in (("run", table(kept)), ("accuracy", accuracy_table(models))):
        start = f"<!-- table: {name} -->\n"
        before, rest = text.split(start)
        text = before + start + made + END + rest.split(END, 1)[1]
    return text


def main(run: Path) -> None:
    """Write picture, figures and README."""
    kept = figures(run)
    PICTURES.mkdir(parents=True, exist_ok=True)
    beside(run).save(PICTURES / "nano.png", optimize=True)
    for name, svg in charts(run).items():
        (PICTURES / f"{name}.svg").write_text(svg.replace("<svg ", '<svg style="background:white" ', 1))
    (PICTURES / "run.json").write_text(json.dumps(kept, indent=1) + "\n")
    README.write_text(filled(README.read_text(), kept, json.loads(FIGURES.read_text())))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    faults.end(lambda: main(Path(sys.argv[1])))
