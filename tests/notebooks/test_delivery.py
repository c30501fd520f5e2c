# SPDX-License-Identifier: Apache-2.0
"""PYNQ's own `pynq get-notebooks` finds the notebooks of an installed wheel and copies them."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from edgemoe.notebooks import FRAMES

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = FRAMES.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as site-packages is after the wheel was installed."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def get_notebooks(installed: Path, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """`pynq get-notebooks` in `folder`. Without a board its look for one is left out."""
    code = "import sys; sys.argv[0] = 'get-notebooks'; from pynq._cli.get_notebooks import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, "--ignore-overlays", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(installed), "HOME": str(folder)},
        capture_output=True,
        text=True,
    )


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.name != "__init__.py"
    }


def test_pynq_lists_them(installed: Path, tmp_path: Path) -> None:
    done = get_notebooks(installed, tmp_path, "--list")
    assert "edgemoe (source: edgemoe)" in done.stdout, done.stderr


def test_pynq_copies_them_with_their_frames(installed: Path, tmp_path: Path) -> None:
    done = get_notebooks(installed, tmp_path, "edgemoe")
    assert done.returncode == 0, done.stderr
    delivered = files(tmp_path / "pynq-notebooks" / "edgemoe")
    assert delivered == files(NOTEBOOKS)
    assert "first_image.ipynb" in delivered and "frames/00.jpg" in delivered


def test_only_what_is_to_be_copied_is_there() -> None:
    """PYNQ would copy any other code of the folder into the user's."""
    assert [path.name for path in NOTEBOOKS.rglob("*.py")] == ["__init__.py"]
