# SPDX-License-Identifier: Apache-2.0
"""The diagrams of the documentation as SVG: `make tables` writes them, tests/docs compares them.

A diagram is boxes at places of a grid and arrows between them, so that it reads the same in the repository,
in the site and on paper, and loads nothing.
"""

from dataclasses import dataclass
from html import escape
from pathlib import Path

from edgemoe import faults

PICTURES = Path(__file__).resolve().parent / "pictures"
BOX = (168, 56)
"""Width and height of a box, in pixels."""
STYLE = (
    "text{font:13px sans-serif;fill:#1a1a1a;text-anchor:middle}"
    ".label{font-size:12px;fill:#555}"
    "rect.box{fill:#eef3fb;stroke:#3b5b92;stroke-width:1.5}"
    "path{fill:none;stroke:#3b5b92;stroke-width:1.5;marker-end:url(#tip)}"
)


@dataclass(frozen=True)
class Arrow:
    """From a side of one box to a side of another; sides are l, r, t, b, or l+12 for 12 pixels off its middle."""

    start: str
    end: str
    text: str = ""
    sides: tuple[str, str] = ("r", "l")
    bend: int | None = None
    """The height of the horizontal piece of an arrow that goes round, from the top of the picture."""
    at: tuple[int, int] = (0, -6)
    """Where the label is, from the middle of the arrow."""


@dataclass(frozen=True)
class Diagram:
    """Boxes by name, each with its lines of text and its centre in pixels; and the arrows."""

    size: tuple[int, int]
    title: str
    boxes: dict[str, tuple[str, tuple[int, int]]]
    arrows: tuple[Arrow, ...]


DIAGRAMS = {
    "four-descriptions": Diagram(
        (980, 190),
        "PyTorch to golden model, golden model to C++ and RTL, C++ to RTL",
        {
            "torch": ("PyTorch|float", (90, 60)),
            "golden": ("golden model|NumPy integers", (380, 60)),
            "cpp": ("C++ kernels|compiled natively", (630, 60)),
            "rtl": ("RTL|compiled from the C++", (885, 60)),
        },
        (
            Arrow("torch", "golden", "quantised,|errors measured", at=(0, -22)),
            Arrow("golden", "cpp", "bit-exact"),
            Arrow("cpp", "rtl", "bit-exact"),
            Arrow("golden", "rtl", "bit-exact", ("b", "b"), bend=150),
        ),
    ),
    "compiler": Diagram(
        (960, 230),
        "C++ to marker calls, clang, IR, passes, schedule and SystemVerilog",
        {
            "source": ("C++", (90, 50)),
            "markers": ("pragmas as|marker calls", (280, 50)),
            "clang": ("clang, LLVM|clean-up", (470, 50)),
            "ir": ("typed IR", (660, 50)),
            "interpreter": ("interpreter", (860, 50)),
            "passes": ("passes: narrow, mask,|reassociate, invariants", (280, 170)),
            "schedule": ("schedule", (500, 170)),
            "verilog": ("SystemVerilog,|report.json", (720, 170)),
        },
        (
            Arrow("source", "markers"),
            Arrow("markers", "clang"),
            Arrow("clang", "ir"),
            Arrow("ir", "interpreter"),
            Arrow("ir", "passes", "", ("b", "t"), bend=110),
            Arrow("passes", "schedule"),
            Arrow("schedule", "verilog"),
        ),
    ),
    "processes": Diagram(
        (960, 480),
        "walker, fetch, compute and store, their streams, and the memory ports",
        {
            "program": ("DRAM:|layer program", (110, 60)),
            "walker": ("walker", (480, 60)),
            "weights": ("DRAM:|weights", (110, 200)),
            "image": ("DRAM:|image", (110, 280)),
            "fetch": ("fetch", (370, 240)),
            "compute": ("compute", (620, 240)),
            "store": ("store", (620, 400)),
            "output": ("DRAM:|output", (260, 365)),
            "statistics": ("DRAM:|statistics", (260, 435)),
        },
        (
            Arrow("program", "walker", "gmem0, read"),
            Arrow("walker", "fetch", "fetches", ("b-45", "t"), bend=140, at=(-50, -6)),
            Arrow("walker", "compute", "commands", ("b+45", "t-40"), bend=140, at=(16, -6)),
            Arrow("walker", "store", "stores", ("r", "r"), bend=60, at=(130, -6)),
            Arrow("compute", "walker", "expert_tokens", ("t+40", "r+18"), bend=78, at=(105, 24)),
            Arrow("weights", "fetch", "gmem1–4, read", ("r", "l-14"), at=(12, -14)),
            Arrow("image", "fetch", "gmem5, read", ("r", "l+14"), at=(12, 26)),
            Arrow("fetch", "compute", "feeds", ("r-12", "l-12"), at=(0, -6)),
            Arrow("fetch", "compute", "beats", ("r+12", "l+12"), at=(0, 14)),
            Arrow("compute", "store", "results", ("b", "t"), at=(30, 4)),
            Arrow("store", "output", "gmem5, write", ("l-12", "r"), at=(10, -12)),
            Arrow("store", "statistics", "gmem0, write", ("l+12", "r"), at=(10, 20)),
        ),
    ),
}


def _end(diagram: Diagram, name: str, side: str) -> tuple[int, int]:
    """The point of a box where an arrow touches it."""
    x, y = diagram.boxes[name][1]
    off = int(side[1:] or 0)
    width, height = BOX
    return {
        "l": (x - width // 2, y + off),
        "r": (x + width // 2, y + off),
        "t": (x + off, y - height // 2),
        "b": (x + off, y + height // 2),
    }[side[0]]


def _lines(text: str, x: float, y: float, style: str = "") -> list[str]:
    """Centred lines of text, the first with its baseline at y."""
    kind = f' class="{style}"' if style else ""
    return [
        f'<text x="{x:g}" y="{y + 16 * row:g}"{kind}>{escape(line)}</text>'
        for row, line in enumerate(text.split("|"))
    ]


def _arrow(diagram: Diagram, arrow: Arrow) -> list[str]:
    (x0, y0), (x1, y1) = (
        _end(diagram, *pair) for pair in zip((arrow.start, arrow.end), arrow.sides, strict=True)
    )
    if arrow.bend is None:
        steps, middle = f"L{x1},{y1}", ((x0 + x1) / 2, (y0 + y1) / 2)
    elif arrow.sides == ("r", "r"):  # out to the right of both, and back
        edge = diagram.size[0] - 120
        steps, middle = f"H{edge} V{y1} H{x1}", ((x0 + x1) / 2, float(arrow.bend))
    elif arrow.sides[1][0] == "r":
        steps, middle = f"V{y1} H{x1}", ((x0 + x1) / 2, float(y1))
    else:
        steps, middle = f"V{arrow.bend} H{x1} V{y1}", ((x0 + x1) / 2, float(arrow.bend))
    made = [f'<path d="M{x0},{y0} {steps}"/>']
    if arrow.text:
        made += _lines(arrow.text, middle[0] + arrow.at[0], middle[1] + arrow.at[1], "label")
    return made


def svg(diagram: Diagram) -> str:
    """A diagram as a file's text."""
    width, height = diagram.size
    lines = [
        "<!-- SPDX-License-Identifier: Apache-2.0. Made by `make tables` from docs/make_diagrams.py. -->",
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f"<title>{escape(diagram.title)}</title>",
        f"<style>{STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" '
        'orient="auto"><polygon points="0,0 8,4 0,8" fill="#3b5b92"/></marker></defs>',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for text, (x, y) in diagram.boxes.values():
        lines.append(
            f'<rect class="box" x="{x - BOX[0] // 2}" y="{y - BOX[1] // 2}" width="{BOX[0]}" '
            f'height="{BOX[1]}" rx="{28 if text.startswith("DRAM") else 6}"/>'
        )
        lines += _lines(text, x, y + 5 - 8 * text.count("|"))
    for arrow in diagram.arrows:
        lines += _arrow(diagram, arrow)
    return "\n".join(lines + ["</svg>"]) + "\n"


def main() -> None:
    """Write every diagram."""
    for name, diagram in DIAGRAMS.items():
        (PICTURES / f"{name}.svg").write_text(svg(diagram))


if __name__ == "__main__":
    faults.end(main)
