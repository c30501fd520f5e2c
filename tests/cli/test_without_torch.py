# SPDX-License-Identifier: Apache-2.0
"""What `make cosim` sets up has no torch: what needs none runs, what needs it says how to get it."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))
import bad_files

ROOT = Path(__file__).resolve().parents[2]
OTHERS = ROOT / "tests" / "imports" / "fixtures" / "timm-deit-distilled"
PACKAGE = str(ROOT / "models" / "nano.package.safetensors")


def without_torch(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(Path(__file__).parent / "no_torch"), str(ROOT / "host")])
    command = [sys.executable, "-m", "edgemoe", *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_torch_is_really_missing(tmp_path: Path) -> None:
    path = str(Path(__file__).parent / "no_torch")
    done = subprocess.run(
        [sys.executable, "-c", "import torch"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        check=False,
    )
    assert b"No module named 'torch'" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["inspect", PACKAGE], "model nano"),
        (["inspect", "tiny"], "model tiny"),
        (["import", str(OTHERS / "model.safetensors"), "--out", "c.safetensors"], "Every tensor was used"),
        (["random-package", "--seed", "1", "--layers", "2", "--out", "p.safetensors"], "sha256"),
        (["infer", "--backend", "golden", "--out", "out"], "out"),
        (["eval", PACKAGE, "--data", "scenes"], "depth RMSE"),
        (
            [
                "quantize",
                str(ROOT / "models" / "nano.safetensors"),
                "--calibration",
                "pictures",
                "--out",
                "q.safetensors",
            ],
            "model nano",
        ),
        (
            [
                "quantize",
                str(ROOT / "models" / "tiny.safetensors.index.json"),
                "--ranges",
                str(ROOT / "models" / "tiny.ranges.safetensors"),
                "--out",
                "q.safetensors",
            ],
            "model tiny",
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_what_needs_no_torch_runs(arguments: list[str], said: str, tmp_path: Path) -> None:
    bad_files.scene(tmp_path / "scenes")
    (tmp_path / "pictures").mkdir()
    Image.new("RGB", (128, 64), (90, 120, 30)).save(tmp_path / "pictures" / "a.png")
    done = without_torch(tmp_path, *arguments)
    assert done.returncode == 0, done.stderr
    assert said in done.stdout


def test_import_needs_what_reads_the_file(tmp_path: Path) -> None:
    torch_file = tmp_path / "m.pth"
    torch_file.write_bytes(b"x")
    for path, needed in ((torch_file, "torch"), (OTHERS / "dynamo.onnx", "onnx")):
        done = without_torch(tmp_path, "import", str(path), "--out", "c.safetensors")
        assert done.returncode == 2
        assert f"needs {needed}, which `make setup` installs." in done.stderr
        assert "Traceback" not in done.stderr and not (tmp_path / "c.safetensors").exists()


@pytest.mark.parametrize(
    "arguments",
    [["train", "--steps", "1"], ["scenes", "--count", "1"], ["infer", "--backend", "torch"]],
    ids=lambda arguments: " ".join(arguments),
)
def test_what_needs_torch_says_how_to_get_it(arguments: list[str], tmp_path: Path) -> None:
    done = without_torch(tmp_path, *arguments)
    assert done.returncode == 2
    assert "needs torch, which `make setup` installs." in done.stderr
    assert "Traceback" not in done.stderr and len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_the_selection_for_other_numpys_is_collected_without_torch() -> None:
    """Its environments have none (`make pynq-matrix`): a test that imports it belongs elsewhere."""
    selection = runpy.run_path(str(ROOT / "tests" / "pynq" / "matrix.py"))["NUMPY_TESTS"]
    quiet = ("-m", "pytest", "-q", "--collect-only", "-n", "0")
    done = subprocess.run(
        [sys.executable, *quiet, *selection],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent / "no_torch")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
