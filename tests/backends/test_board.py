# SPDX-License-Identifier: Apache-2.0
"""`infer --backend board`: the command line over an overlay that is loaded; here on the simulated board."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from small import small

from edgemoe import sim
from edgemoe.backends import Golden
from edgemoe.backends.board import Board
from edgemoe.config import board, model_preset
from edgemoe.errors import UserError
from edgemoe.golden.random_package import random_image, random_package
from edgemoe.infer import infer, overlay_path
from edgemoe.package import save
from edgemoe.program import Workload, build_for
from edgemoe.sim.build import build_overlay

SMALL = small()
MAIN = Path(__file__).resolve().parents[2] / "host" / "edgemoe" / "__main__.py"


@pytest.mark.slow
def test_the_same_files_as_golden(tmp_path: Path) -> None:
    """As a user calls it, under `python -m edgemoe.sim`."""
    package = random_package(SMALL, 3)
    save(package, tmp_path / "a.safetensors")
    overlay = build_overlay(board("sim-small")).bitstream
    options = ["--model", str(tmp_path / "a.safetensors"), "--json"]
    command = [sys.executable, "-m", "edgemoe.sim", str(MAIN), "infer", "--backend", "board", *options]
    command += ["--overlay", str(overlay), "--out", str(tmp_path / "board")]
    found = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert found.returncode == 0, found.stderr
    figures = json.loads(found.stdout)
    assert (figures["backend"], figures["board"]) == ("board", "sim-small")
    assert figures["task"]["depth"]["cycles"] > 1000
    infer(
        backend="golden",
        model=str(tmp_path / "a.safetensors"),
        board_name="sim-small",
        image=None,
        task="both",
        out=tmp_path / "golden",
    )
    for path in (tmp_path / "golden").iterdir():
        if path.suffix in (".npy", ".png"):
            assert (tmp_path / "board" / path.name).read_bytes() == path.read_bytes(), path.name


@pytest.mark.slow
def test_as_a_back_end() -> None:
    """A package or a workload; nothing stays allocated, also if it does not fit."""
    device = sim.activate()
    overlay = build_overlay(board("sim-small")).bitstream
    package, held = random_package(SMALL, 3), device.memory.held
    pixels = random_image(SMALL, np.random.default_rng(0))
    expected = Golden(Workload(package, board("sim-small"))).run(pixels, "depth").output
    for model in (package, Workload(package, board("sim-small"))):
        machine = Board(model, overlay)
        assert machine.run(pixels, "depth").output == expected
        machine.close()
    with pytest.raises(UserError, match="experts 32 > 16"):
        Board(random_package(small(experts=32), 3), overlay)
    assert device.memory.held == held


def test_where_an_overlay_lies() -> None:
    assert overlay_path(board("sim-small")).parts[-4:] == ("build", "overlay", "sim-small", "edgemoe.bit")
    with pytest.raises(UserError, match="No board is named 'none'"):
        build_for(model_preset("nano"), "none")


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--overlay", "none.bit"]])
def test_off_a_board(tmp_path: Path, options: list[str]) -> None:
    """Whatever else is wrong: one message, and no folder is left."""
    command = [
        sys.executable,
        str(MAIN),
        "infer",
        "--backend",
        "board",
        "--out",
        str(tmp_path / "out"),
        *options,
    ]
    found = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert found.returncode == 2
    assert "PYNQ finds no device here" in found.stderr
    assert "Traceback" not in found.stderr
    assert not (tmp_path / "out").exists()
