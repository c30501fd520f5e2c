# SPDX-License-Identifier: Apache-2.0
"""`edgemoe cosim` as a user types it: files, report, exit status, and what it says of a difference."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgemoe import cli
from edgemoe.backends import Golden
from edgemoe.config import ModelConfig, model_preset
from edgemoe.cosim import run as cosim_run
from edgemoe.golden.random_package import random_package
from edgemoe.package import Package, save
from edgemoe.program import Workload

KEYS = {
    *("model", "board", "package", "image", "backend", "rtl", "bit_exact", "mismatches", "first_divergence"),
    *("task", "macs_per_cycle_peak", "mac_utilisation", "clock_mhz", "fps_at_clock", "dram", "config"),
    *("seconds", "versions"),
}
STAGE_KEYS = {"name", "layer", "cycles", "macs", "read_bytes", "write_bytes", "stall_cycles"}


@pytest.fixture
def package(small: ModelConfig, tmp_path: Path) -> Path:
    save(random_package(small, 20), tmp_path / "small.safetensors")
    return tmp_path / "small.safetensors"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture of another size than the model's."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    pixels = np.random.default_rng(5).integers(0, 256, (50, 90, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "one.png")
    return folder / "one.png"


def cosim(package: Path, out: Path, *options: str) -> int:
    return cli.run(["cosim", "--model", str(package), "--out", str(out), *options])


@pytest.mark.usefixtures("overlay")
def test_what_a_run_leaves(package: Path, picture: Path, small: ModelConfig, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert cosim(package, out, "--image", str(picture)) == 0
    report = json.loads((out / "report.json").read_text())
    assert not KEYS - set(report)
    assert (report["bit_exact"], report["mismatches"], report["first_divergence"]) == (True, 0, None)
    assert report["backend"] == "rtl"
    assert len(report["package"]) == len(report["image"]) == len(report["rtl"]) == 64
    assert set(report["task"]) == {"segmentation", "depth"}
    for task in report["task"].values():
        assert 0 < task["backbone_cycles"] < task["cycles"]
        assert all(set(stage) >= STAGE_KEYS for stage in task["stages"])
        assert {"layer", "expert", "tokens", "weight_reads"} == set(task["experts"][0])
    assert {"ports", "bits", "latency", "outstanding", "stall", "read_bytes", "write_bytes"} <= set(
        report["dram"]
    )
    assert set(report["seconds"]) >= {"synth", "verilate", "simulate"}
    labels, metres = np.load(out / "segmentation.npy"), np.load(out / "depth.npy")
    assert (labels.shape, labels.dtype) == ((24, 32), np.uint8)
    assert (metres.shape, metres.dtype) == ((24, 32), np.float32)
    for task in ("segmentation", "depth"):
        features = np.load(out / f"features.{task}.npy")
        assert (features.shape, features.dtype) == ((small.tokens, small.dim), np.int16)
        assert (out / f"{task}.png").is_file()
    assert (out / "report.html").stat().st_size > 1000
    assert not (out / "waves.fst").exists()

    # One task into the same folder: nothing of the other task's older run stays.
    (out / "notes.txt").write_text("mine")
    assert cosim(package, out, "--image", str(picture), "--task", "depth") == 0
    assert not list(out.glob("*segmentation*"))
    assert (out / "notes.txt").read_text() == "mine"
    assert list(json.loads((out / "report.json").read_text())["task"]) == ["depth"]


@pytest.mark.usefixtures("overlay")
def test_folder_of_images_and_taps(package: Path, picture: Path, tmp_path: Path) -> None:
    Image.open(picture).rotate(90, expand=True).convert("L").save(picture.with_name("two.jpg"))
    out = tmp_path / "out"
    assert cosim(package, out, "--images", str(picture.parent), "--taps", "--task", "segmentation") == 0
    for name in ("one", "two"):
        report = json.loads((out / name / "report.json").read_text())
        assert report["bit_exact"] and report["taps"]
        sides = [
            sorted((out / name / "taps" / "segmentation" / side).glob("*.npy")) for side in ("golden", "got")
        ]
        assert [path.name for path in sides[0]] == [path.name for path in sides[1]]
        assert "blocks.1.moe.experts.npy" in [path.name for path in sides[0]]
        assert all(np.array_equal(np.load(a), np.load(b)) for a, b in zip(*sides, strict=True))


@pytest.mark.usefixtures("overlay")
def test_a_difference_is_located(
    package: Path,
    picture: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    """Golden with one weight changed: status 1, and the report names the stage whose weight it is."""

    class Other(Golden):
        def __init__(self, workload: Workload) -> None:
            package = workload.package
            weight = package.tensors["blocks.0.mlp.fc1.weight"]
            changed = weight.copy()
            changed[3, 5] += np.where(changed[3, 5] > 0, -64, 64).astype(np.int8)
            tensors = package.tensors | {"blocks.0.mlp.fc1.weight": changed}
            changed_package = Package(package.config, tensors, package.provenance, package.sha256)
            super().__init__(Workload(changed_package, workload.build))

    monkeypatch.setattr(cosim_run, "Golden", Other)
    out = tmp_path / "out"
    assert cosim(package, out, "--image", str(picture), "--task", "depth") == 1
    report = json.loads((out / "report.json").read_text())
    first = report["first_divergence"]
    assert not report["bit_exact"] and report["mismatches"] > 0
    assert (first["task"], first["stage"], first["layer"]) == ("depth", "linear", 0)
    assert first["tensor"] == "blocks.0.mlp.fc1"
    assert first["index"][1] == 3
    assert first["golden"] != first["got"]
    assert "engine" in first["source"] and "GELU" in first["source"]
    assert "blocks.0.mlp.fc1" in capsys.readouterr().out


def test_a_model_that_does_not_fit_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """Exit status 2, and the message has the field, its value and the limit; no folder is left."""
    wide = random_package(model_preset("nano"), 1, experts=17)
    save(wide, tmp_path / "wide.safetensors")
    assert cosim(tmp_path / "wide.safetensors", tmp_path / "out") == 2
    assert "experts 17 > 16" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--image", "missing.png"], "missing.png"),
        (["--images", "missing"], "missing is not a folder"),
        (["--board", "zcu102"], "not built yet"),
        (["--board", "other"], "No board is named 'other'"),
        (["--model", "missing.safetensors"], "missing.safetensors"),
    ],
)
def test_bad_usage(options: list[str], words: str, capsys: pytest.CaptureFixture) -> None:
    assert cli.run(["cosim", *options]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.usefixtures("overlay")
def test_infer_gives_the_same_files(package: Path, picture: Path, tmp_path: Path) -> None:
    """`edgemoe infer` on RTL and on golden: the same arrays."""
    for backend in ("rtl", "golden"):
        names = ["--backend", backend, "--model", str(package), "--image", str(picture)]
        assert cli.run(["infer", *names, "--out", str(tmp_path / backend)]) == 0
    arrays = sorted(path.name for path in (tmp_path / "rtl").glob("*.npy"))
    assert len(arrays) == 4
    for name in arrays:
        assert np.array_equal(np.load(tmp_path / "rtl" / name), np.load(tmp_path / "golden" / name)), name
