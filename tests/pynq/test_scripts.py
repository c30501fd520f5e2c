# SPDX-License-Identifier: Apache-2.0
"""Programs with PYNQ's own API only run unchanged on the simulated board, polled and by interrupt."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent / "scripts"
COPIED = ["equal True", "equal True", "beats 75"]
EXPECTED = {
    ("copier", "copier"): ["Copier True 200 MHz", *COPIED],
    ("copier", "copier_zynq7"): ["Copier True 100 MHz", *COPIED],
    ("dma", "dma"): ["4000 bytes, equal True", "4 bytes, equal True", "sum True"],
    ("accelerator", "accelerator"): ["status 0 cycles True", "equal True"],
}
"""Script in scripts/ and overlay that overlays.py makes -> what it prints."""


@pytest.mark.slow
@pytest.mark.parametrize("how", ["poll", "interrupt"])
@pytest.mark.parametrize(("script", "overlay"), EXPECTED, ids=map(" on ".join, EXPECTED))
def test_a_script_runs_unchanged(overlays: Path, script: str, overlay: str, how: str) -> None:
    program, bitstream = SCRIPTS / f"{script}.py", overlays / overlay / f"{overlay}.bit"
    command = [sys.executable, "-W", "error::UserWarning:pynq", "-m", "edgemoe.sim", str(program)]
    done = subprocess.run(
        [*command, str(bitstream), how], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.stdout.splitlines() == EXPECTED[script, overlay], done.stderr
    assert (done.returncode, "edgemoe" in program.read_text()) == (0, False), done.stderr


@pytest.mark.parametrize("first", ["import edgemoe.sim, pynq", "import pynq, edgemoe.sim"])
def test_the_order_of_imports_does_not_matter(overlays: Path, first: str) -> None:
    """As in a notebook, where the first cell makes the simulated board the device."""
    bitstream = overlays / "copier" / "copier.bit"
    code = (
        f"{first}\novl = pynq.Overlay({str(bitstream)!r})\nprint(ovl.copier_0.read(0), pynq.allocate(4).size)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "4 4\n", done.stderr
