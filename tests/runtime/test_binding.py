# SPDX-License-Identifier: Apache-2.0
"""The driver is bound by VLNV, whatever a program imports first; each program in a process of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import edgemoe

ROOT = Path(__file__).resolve().parents[2]
# The golden machine stands in for the simulation, and no part of it loads the driver.
PRELUDE = f"""
import sys
sys.path.insert(0, {str(ROOT / "tests" / "runtime")!r})
from conftest import GoldenTarget
from edgemoe import sim
from edgemoe.config import board
sim.activate().models["accelerator"] = lambda arena: GoldenTarget(board("sim-small"), arena)
assert "edgemoe.runtime.driver" not in sys.modules
BIT = sys.argv[1]
"""
NAMED = "print(type(overlay.accelerator).__name__)\n"


def entry_points() -> str:
    """entry_points.txt as an installer writes it from pyproject.toml."""
    text = (ROOT / "pyproject.toml").read_text()
    found = re.search(r'^\[project\.entry-points\."pynq\.lib"\]\n((?:\w+ = ".*"\n)+)', text, re.MULTILINE)
    assert found, "pyproject.toml has no group pynq.lib"
    return "[pynq.lib]\n" + found[1].replace('"', "")


@pytest.fixture
def run(tmp_path: Path, golden_overlay: Path):
    """Run a program with edgemoe installed, with or without the entry points; gives what it prints."""

    def run(program: str, *options: str, installed: bool = True) -> str:
        metadata = tmp_path / "site" / f"edgemoe-{edgemoe.__version__}.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: edgemoe\nVersion: {edgemoe.__version__}\n"
        )
        (metadata / "entry_points.txt").write_text(entry_points() if installed else "")
        script = tmp_path / "program.py"
        script.write_text(program)
        path = os.pathsep.join([str(tmp_path / "site"), str(ROOT / "host")])
        command = [sys.executable, "-W", "ignore", *options, str(script), str(golden_overlay)]
        found = subprocess.run(
            command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, timeout=120
        )
        assert found.returncode == 0, found.stderr
        return found.stdout

    return run


@pytest.mark.slow
@pytest.mark.parametrize(
    "order",
    [
        "from pynq import Overlay\noverlay = Overlay(BIT)\n",  # and edgemoe never
        "from pynq import Overlay\noverlay = Overlay(BIT)\nimport edgemoe\nedgemoe.Accelerator\n",
        "import edgemoe\nfrom pynq import Overlay\noverlay = Overlay(BIT)\n",
        "import edgemoe\nedgemoe.Accelerator\nimport pynq\noverlay = pynq.Overlay(BIT)\n",
    ],
)
def test_any_order(run, order: str) -> None:
    assert run(PRELUDE + order + NAMED) == "AcceleratorIp\n"


@pytest.mark.slow
def test_with_the_simulated_board_as_a_command(run) -> None:
    program = PRELUDE + "from pynq import Overlay\noverlay = Overlay(BIT)\n" + NAMED
    assert run(program, "-m", "edgemoe.sim") == "AcceleratorIp\n"


@pytest.mark.slow
def test_an_overlay_that_was_bound_before(run) -> None:
    """Without the entry points PYNQ gives the IP its own driver; `Accelerator` works all the same."""
    program = PRELUDE + "from pynq import Overlay\noverlay = Overlay(BIT)\n" + NAMED
    program += "import edgemoe\nprint(edgemoe.Accelerator(overlay).build.name)\n"
    assert run(program, installed=False) == "DefaultIP\nsim-small\n"


def test_the_entry_point_names_a_module_that_binds() -> None:
    from pynq.overlay import _ip_drivers

    from edgemoe.registers import IP_VLNV
    from edgemoe.runtime.driver import AcceleratorIp

    assert entry_points() == f"[pynq.lib]\nedgemoe = {AcceleratorIp.__module__}\n"
    assert _ip_drivers[IP_VLNV] is AcceleratorIp


def test_importing_edgemoe_is_light() -> None:
    """No pynq, torch, cocotb, nor NumPy; the name is known, and other names are not."""
    code = (
        "import sys, edgemoe\n"
        "assert 'Accelerator' in dir(edgemoe)\n"
        "print(*{name.partition('.')[0] for name in sys.modules})\n"
        "try: edgemoe.Nothing\n"
        "except AttributeError as error: print(error)\n"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded, message = found.stdout.splitlines()
    assert not {"pynq", "torch", "cocotb", "numpy", "matplotlib"} & set(loaded.split())
    assert message == "module 'edgemoe' has no attribute 'Nothing'"


def test_from_edgemoe_import() -> None:
    from edgemoe import Accelerator

    assert Accelerator.__module__ == "edgemoe.runtime.accelerator"
