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
        assert [len(entry["experts"]) for entry in task["routing"]] == [small.tokens]
    assert report["grid"] == list(small.grid)
    assert {"ports", "bits", "latency", "outstanding", "stall", "read_bytes", "write_bytes"} <= set(
        report["dram"]
    )
    assert set(report["seconds"]) >= {"synth", "verilate", "simulate"}
    labels, metres = np.load(out / "segmentation.npy"), np.load(out / "depth.npy")
    assert (labels.shape, labels.dtype) == ((24, 32), np.uint8)
    assert (metres.shape, metres.dtype) == ((24, 32), np.float32)
    for task in ("segmentation", "depth"):
        features = np.load(out / f"features.{task}.npy")
        assert (features.shape, features.dtype) == ((small.tokens, small.dim), np.int32)
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
def test_pictures_of_one_stem_keep_their_own_results(package: Path, picture: Path, tmp_path: Path) -> None:
    """one.png beside one.jpg: two folders; and names that the summary's own files have."""
    for name in ("one.jpg", "ONE.jpeg", "index.html.png"):
        Image.open(picture).save(picture.with_name(name), format="PNG")
    out = tmp_path / "out"
    assert cosim(package, out, "--images", str(picture.parent), "--task", "depth") == 0
    ran = {path.parent.name: json.loads(path.read_text())["image_name"] for path in out.glob("*/report.json")}
    assert sorted(ran.values()) == ["ONE.jpeg", "index.html.png", "one.jpg", "one.png"]
    assert ran["one.png"] == "one.png" and ran["one.jpg"] == "one.jpg"


@pytest.mark.usefixtures("overlay")
def test_a_folder_goes_on_after_a_bad_file(
    package: Path, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """What can't be read is told of, the rest runs, and the status is 2; label maps of scenes are no pictures."""
    picture.with_name("bad.png").write_bytes(b"no picture")
    picture.with_name("late.jpg").write_bytes(picture.read_bytes()[:100])
    Image.new("L", (8, 8)).save(picture.with_name("one.labels.png"))
    out = tmp_path / "out"
    options = ["--images", str(picture.parent), "--task", "depth", "--json"]
    assert cosim(package, out, *options) == 2
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert [report["image_name"] for report in told["reports"]] == ["one.png"]
    assert sorted(told["refused"]) == ["bad.png", "late.jpg"]
    assert "bad.png" in said.err and "late.jpg" in said.err
    assert (out / "one" / "report.json").is_file()
    summary = json.loads((out / "summary.json").read_text())
    states = {entry["name"]: entry["state"] for entry in summary["entries"]}
    assert states == {"bad.png": "failed", "late.jpg": "failed", "one.png": "bit_exact"}
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "3 images: 1 bit-exact and 2 did not run." in page and 'href="one/report.html"' in page
    assert not (out / "bad").exists() and not (out / "one.labels").exists()


@pytest.mark.usefixtures("overlay")
def test_json_is_the_report_and_nothing_else(
    package: Path, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "out"
    assert cosim(package, out, "--image", str(picture), "--task", "depth", "--json") == 0
    assert json.loads(capsys.readouterr().out) == json.loads((out / "report.json").read_text())


@pytest.mark.usefixtures("overlay")
def test_parameters_of_the_dram(
    package: Path, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """A slower memory costs cycles and changes nothing else; the report says what it was."""
    cycles = {}
    for latency in (16, 500):
        options = ["--image", str(picture), "--task", "depth", "--json", "--dram", f"latency={latency}"]
        assert cosim(package, tmp_path / str(latency), *options, "--dram", "outstanding=2") == 0
        report = json.loads(capsys.readouterr().out)
        assert (report["dram"]["latency"], report["dram"]["outstanding"]) == (latency, 2)
        cycles[latency] = report["task"]["depth"]["cycles"]
    assert cycles[500] > cycles[16]
    # The next run has the defaults again.
    assert cosim(package, tmp_path / "next", "--image", str(picture), "--task", "depth", "--json") == 0
    assert json.loads(capsys.readouterr().out)["dram"]["latency"] == 64


def test_out_is_tried_before_anything_is_built(
    package: Path,
    picture: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    def build(*_: object, **__: object) -> None:
        pytest.fail("the simulation was built")

    monkeypatch.setattr("edgemoe.sim.build.build_overlay", build)
    (tmp_path / "file").write_text("mine")
    for out in ("/proc/out", tmp_path / "file" / "out", tmp_path / ("x" * 300)):
        assert cosim(package, Path(out), "--image", str(picture)) == 2
        assert "can't be written to" in capsys.readouterr().err
    mine = tmp_path / "depth.png"
    mine.write_text("mine")
    assert cosim(package, tmp_path, "--image", str(picture)) == 2
    assert "not from an earlier run" in capsys.readouterr().err
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    assert cosim(package, tmp_path / "out", "--image", str(picture)) == 2
    assert "Free some room" in capsys.readouterr().err
    assert mine.read_text() == "mine" and (tmp_path / "file").read_text() == "mine"


@pytest.mark.usefixtures("overlay")
def test_a_package_that_has_the_name_of_a_shipped_model(
    small: ModelConfig, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """Its results have a folder of their own, and so have those of another package of that name."""
    places = set()
    for seed in (1, 2):
        package = tmp_path / str(seed) / "nano.safetensors"
        save(random_package(small, seed), package)
        options = ["--model", str(package), "--image", str(picture), "--task", "depth"]
        assert cli.run(["cosim", *options]) == 0
        places.add(capsys.readouterr().out.split("results in ")[1].strip())
    assert len(places) == 2 and not any(place.endswith("/nano-sim-small") for place in places)


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


def test_the_link_to_the_last_run_is_no_part_of_the_results(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """Where it can't be made there is a note; where somebody has a folder of that name it stays."""
    (tmp_path / "file").write_text("in the way")
    cosim_run._link_latest(tmp_path / "file" / "latest", tmp_path)
    assert "does not point at this run" in capsys.readouterr().err
    (tmp_path / "latest").mkdir()
    cosim_run._link_latest(tmp_path / "latest", tmp_path)
    assert (tmp_path / "latest").is_dir() and not (tmp_path / "latest").is_symlink()


def test_a_model_that_does_not_fit_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """Exit status 2, and the message has the field, its value and the limit; no folder is left."""
    wide = random_package(model_preset("nano"), 1, experts=33)
    save(wide, tmp_path / "wide.safetensors")
    assert cosim(tmp_path / "wide.safetensors", tmp_path / "out") == 2
    assert "experts 33 > 16" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--image", "missing.png"], "missing.png"),
        (["--images", "missing"], "missing is not a folder"),
        (["--board", "other"], "No board is named 'other'"),
        (["--model", "missing.safetensors"], "missing.safetensors"),
        (["--dram", "latency"], "expected NAME=VALUE"),
        (["--dram", "latency=-1"], "whole number"),
        (["--dram", "latency=1", "--dram", "latency=2"], "given twice"),
        (["--dram", "depth=1"], "there is no such parameter"),
        (["--dram", "stall_percent=100"], "0 to 99"),
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
