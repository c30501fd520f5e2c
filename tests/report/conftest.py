# SPDX-License-Identifier: Apache-2.0
"""Reports that look like those of a run, and a browser that measures and prints pages."""

import html
import json
import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

# Sent by the page itself once it is laid out, to the frame's parent, whose document the browser prints.
MEASURE = """<script>addEventListener("load", () => {
  const bad = [], width = document.documentElement.clientWidth;
  const scrolls = e => e && (/auto|scroll/.test(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; node = walker.nextNode();) {
    const parent = node.parentElement;
    if (!node.textContent.trim() || parent.closest("title, style, script")) continue;
    const range = document.createRange(); range.selectNodeContents(node);
    const svg = parent.closest("svg");
    let frame = {left: 0, right: width + 0.5, top: -1, bottom: 1e9};
    let size = parseFloat(getComputedStyle(parent).fontSize);
    let box = range.getBoundingClientRect();
    if (!box.width) continue;
    if (svg) {
      frame = svg.getBoundingClientRect(); box = parent.getBoundingClientRect();
      size *= parent.getScreenCTM().a;
    }
    const said = node.textContent.trim().slice(0, 40);
    const outside = box.left < frame.left - 1 || box.right > frame.right + 1;
    if (outside && (svg || !scrolls(parent))) bad.push("outside: " + said);
    if (svg && (box.top < frame.top - 1 || box.bottom > frame.bottom + 1)) bad.push("outside: " + said);
    if (size < 8) bad.push("small, " + size.toFixed(1) + " px: " + said);
    for (let e = parent; e && !svg; e = e.parentElement)
      if (/hidden|clip/.test(getComputedStyle(e).overflowX) && e.scrollWidth > e.clientWidth + 1)
        bad.push("clipped: " + said);
  }
  const broken = [...document.images].filter(i => i.complete && !i.naturalWidth).map(i => "broken: " + i.alt);
  parent.postMessage(JSON.stringify({inner: innerWidth, scroll: document.documentElement.scrollWidth,
    bad: bad.concat(broken), texts: document.body.innerText.length}), "*");
});</script>"""
FRAME = """<!doctype html><body style="margin: 0"><pre></pre>
<script>addEventListener("message", e => document.querySelector("pre").textContent = e.data)</script>
<iframe src="{page}" style="width: {width}px; height: 900px; border: 0"></iframe>"""


class Browser:
    """Headless Chromium. A frame gives a page's width exactly: a window can't be narrower than about 500 px."""

    def __init__(self, program: str, folder: Path) -> None:
        self.program, self.folder = program, folder

    def _run(self, *arguments: str) -> str:
        command = [
            self.program,
            *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--disable-background-networking", "--disable-dev-shm-usage"),
            f"--user-data-dir={self.folder / 'profile'}",
            *arguments,
        ]
        # Its temporary folder is named relative to where it runs: it puts a socket there, whose whole path may have 107
        # characters only, and the checkout's may be longer.
        (self.folder / "t").mkdir(exist_ok=True)
        here = {"cwd": self.folder, "env": {**os.environ, "TMPDIR": "t", "HOME": str(self.folder)}}
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, **here)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def measure(self, page: Path, width: int) -> dict[str, Any]:
        """`inner` and `scroll` width of the page in a frame of `width`, and `bad`, the texts not seen whole."""
        copy = page.with_name(f"measured.{width}.html")
        copy.write_text(
            page.read_text(encoding="utf-8").replace("</body>", MEASURE + "</body>"), encoding="utf-8"
        )
        frame = page.with_name(f"frame.{width}.html")
        frame.write_text(FRAME.format(page=copy.name, width=width), encoding="utf-8")
        dom = self._run(
            "--virtual-time-budget=10000", "--window-size=1300,1000", "--dump-dom", frame.as_uri()
        )
        found = re.search(r"<pre>(.+?)</pre>", dom, re.DOTALL)
        assert found, dom[:2000]
        measured: dict[str, Any] = json.loads(html.unescape(found[1]))
        return measured

    def pdf(self, page: Path) -> bytes:
        """The page as printed."""
        target = page.with_suffix(".pdf")
        self._run("--no-pdf-header-footer", f"--print-to-pdf={target}", page.as_uri())
        return target.read_bytes()


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    """Chromium; where there is none the test is skipped, or fails under EDGEMOE_REQUIRE_CHROMIUM=1."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        say = "no chromium in PATH; Debian's package `chromium` has it"
        if os.environ.get("EDGEMOE_REQUIRE_CHROMIUM") == "1":
            pytest.fail(say)
        pytest.skip(say)
    return Browser(program, tmp_path)


MakeReport = Callable[..., dict[str, Any]]


@pytest.fixture
def make_report() -> MakeReport:
    """A report like a run's: `make_report(layers=4, experts=8, grid=(8, 16))`, every odd layer with experts."""
    return _report


def _report(
    layers: int = 4,
    experts: int = 8,
    grid: tuple[int, int] = (8, 16),
    tasks: tuple[str, ...] = ("segmentation", "depth"),
) -> dict[str, Any]:
    return {
        "model": "nano",
        "board": "sim-small",
        "package": "16abb194c5cf95ec" * 4,
        "backend": "rtl",
        "rtl": "a873a08025ea84cd" * 4,
        "image": "25f049136aaa144b" * 4,
        "image_name": "street.png",
        "bit_exact": True,
        "mismatches": 0,
        "first_divergence": None,
        "taps": False,
        "grid": list(grid),
        "task": {task: _task(task, layers, experts, grid, seed) for seed, task in enumerate(tasks)},
        "macs_per_cycle_peak": 256,
        "mac_utilisation": 0.4567,
        "linear_mac_utilisation": 0.9586,
        "clock_mhz": 200.0,
        "fps_at_clock": 496.9413,
        "dram": {"ports": 3, "bits": 128, "latency": 64, "read_bytes": 1084032, "write_bytes": 172160},
        "config": {"name": "sim-small", "rows": 32, "cols": 8},
        "seconds": {"synth": 13.144, "verilate": 65.514, "simulate": 2.3247},
        "versions": {"numpy": "1.26.4"},
    }


def _task(name: str, layers: int, experts: int, grid: tuple[int, int], seed: int) -> dict[str, Any]:
    stages = [_stage("pixels", None, "load", 3240, 0), _stage("patch_embed", None, "linear", 6269, 1572864)]
    routing, counts = [], []
    draw = np.random.default_rng(seed)
    for layer in range(layers):
        block = f"blocks.{layer}."
        stages.append(_stage(block + "norm1", layer, "layernorm", 2135, 0))
        stages += [_stage(f"{block}attn.{part}", layer, "linear", 2126, 528384) for part in "qkv"]
        stages.append(
            _stage(block + "attn.context", layer, "attention", 9913, 2130048, moved=0, stalled=1100)
        )
        stages.append(_stage(block + "attn.proj", layer, "linear", 2126, 528384))
        if layer % 2 == 0:
            stages += [_stage(f"{block}mlp.fc{part}", layer, "linear", 8317, 2113536) for part in (1, 2)]
            continue
        stages.append(_stage(block + "moe.gate.logits", layer, "linear", 336, 66048))
        stages.append(_stage(block + "moe.gate", layer, "gate", 2647, 0, moved=0))
        stages.append(
            _stage(block + "moe.experts", layer, "experts", 17888, 4227072, moved=143360, stalled=576)
        )
        tokens = 1 + grid[0] * grid[1]
        choices = [draw.permutation(experts)[:2].tolist() for _ in range(tokens)]
        routing.append({"layer": layer, "experts": choices})
        taken = Counter(expert for token in choices for expert in token)
        counts += [
            {"layer": layer, "expert": expert, "tokens": taken[expert], "weight_reads": 1.0}
            for expert in sorted(taken)
        ]
    backbone = sum(stage["cycles"] for stage in stages)
    stages.append(_stage(f"heads.{name}.fc2", None, "linear", 28734, 7340032, part="head"))
    return {
        "cycles": backbone + 28734,
        "backbone_cycles": backbone,
        "stages": stages,
        "experts": counts,
        "routing": routing,
    }


def _stage(
    name: str,
    layer: int | None,
    kind: str,
    cycles: int,
    macs: int,
    *,
    moved: int = 4608,
    stalled: int = 20,
    part: str = "backbone",
) -> dict[str, Any]:
    return {
        "name": name,
        "layer": layer,
        "kind": kind,
        "part": part,
        "cycles": cycles,
        "macs": macs,
        "read_bytes": moved,
        "write_bytes": 0,
        "stall_cycles": stalled,
    }
