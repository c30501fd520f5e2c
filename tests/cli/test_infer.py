# SPDX-License-Identifier: Apache-2.0
"""`edgemoe infer` and the package commands, as a user types them."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgemoe import cli

sys.path.insert(0, str(Path(__file__).parents[1]))
import bad_files


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture of another size than the model's."""
    pixels = np.random.default_rng(5).integers(0, 256, (50, 90, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    return tmp_path / "picture.png"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "random.safetensors"
    assert (
        cli.run(["random-package", "--seed", "11", "--layers", "2", "--top-k", "3", "--out", str(path)]) == 0
    )
    return path


def infer(backend: str, package: Path, picture: Path, out: Path, *options: str) -> int:
    names = ["--backend", backend, "--model", str(package), "--image", str(picture), "--out", str(out)]
    return cli.run(["infer", *names, *options])


def test_a_run_leaves_what_the_reference_says(package: Path, picture: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert infer("golden", package, picture, out) == 0
    labels, metres = np.load(out / "segmentation.npy"), np.load(out / "depth.npy")
    assert labels.shape == metres.shape == (64, 128)
    assert labels.dtype == np.uint8 and labels.max() < 7
    assert metres.dtype == np.float32 and np.isfinite(metres).all()
    for task in ("segmentation", "depth"):
        features = np.load(out / f"features.{task}.npy")
        assert features.dtype == np.int32 and features.shape == (129, 64)
    for name in ("input", "segmentation", "depth"):
        with Image.open(out / f"{name}.png") as made:
            assert made.size == (90, 50), f"{name}.png has the size of the image"


def test_one_task_leaves_its_own_files(package: Path, picture: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert infer("golden", package, picture, out, "--task", "depth") == 0
    assert (out / "depth.png").exists() and not (out / "segmentation.png").exists()


@pytest.mark.slow
def test_the_native_kernels_leave_the_same_bits(package: Path, picture: Path, tmp_path: Path) -> None:
    assert infer("golden", package, picture, tmp_path / "golden") == 0
    assert infer("csim", package, picture, tmp_path / "csim") == 0
    for path in sorted((tmp_path / "golden").iterdir()):
        assert (tmp_path / "csim" / path.name).read_bytes() == path.read_bytes(), path.name


def test_inspect_tells_the_geometry(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["inspect", str(package)]) == 0
    said = capsys.readouterr().out
    assert "top_k           3" in said and "blocks.1.moe.experts.fc1" in said
    assert json.dumps({"random": True, "seed": 11}, indent=2) in said


def test_a_package_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "broken.safetensors"
    path.write_bytes(b"no package")
    assert cli.run(["inspect", str(path)]) == 2
    assert str(path) in capsys.readouterr().err


def test_what_does_not_fit_is_refused(
    picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "tiny.safetensors"
    assert (
        cli.run(["random-package", "--model", "tiny", "--seed", "1", "--layers", "1", "--out", str(path)])
        == 0
    )
    capsys.readouterr()
    assert infer("golden", path, picture, tmp_path / "out", "--board", "sim-small") == 2
    message = capsys.readouterr().err
    assert "does not fit board 'sim-small'" in message and len(message.splitlines()) == 1


@pytest.mark.slow
def test_the_shipped_tiny_runs_where_it_fits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By its name alone, in at most ten seconds a task; the same package each time."""
    out = tmp_path / "out"
    assert cli.run(["infer", "--backend", "golden", "--model", "tiny", "--out", str(out), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["board"] == "zcu102"
    assert all(task["seconds"] < 10 for task in figures["task"].values())
    assert np.load(out / "depth.npy").shape == (128, 256)
    assert cli.run(["inspect", "tiny", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sha256"] == figures["package"]
    size = (128, 256)
    data = bad_files.scene(
        tmp_path / "scenes",
        image=np.zeros((*size, 3), np.uint8),
        labels=np.zeros(size, np.uint8),
        depth=np.ones(size, np.float32),
    )
    assert cli.run(["eval", "tiny", "--data", str(data), "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    assert measured["sha256"] == figures["package"] and "prior_miou" in measured


def test_scenes_are_written(tmp_path: Path) -> None:
    assert cli.run(["scenes", "--seed", "3", "--count", "2", "--out", str(tmp_path)]) == 0
    assert np.load(tmp_path / "3.depth.npy").shape == (64, 128)
    with Image.open(tmp_path / "4.labels.png") as labels:
        assert labels.size == (128, 64)
