# SPDX-License-Identifier: Apache-2.0
"""The program of docs/how-to/pynq-program.md, run as the page says."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "how-to" / "pynq-program.md"


@pytest.mark.slow
def test_the_page_s_program_runs(overlay: Path, tmp_path: Path) -> None:
    found = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    (tmp_path / "program.py").write_text(found[1])
    (tmp_path / "build" / "overlay").mkdir(parents=True)
    (tmp_path / "build" / "overlay" / "sim-small").symlink_to(overlay.parent)
    shutil.copytree(ROOT / "models", tmp_path / "models")
    command = [sys.executable, "-m", "edgemoe.sim", "program.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(r"\(64, 128\) \d+\.\d m to \d+\.\d m", done.stdout), done.stdout
