# SPDX-License-Identifier: Apache-2.0
"""The board test on the golden machine behind the accelerator's registers, whole and with a fault at a time."""

import json
from pathlib import Path
from typing import Any

import pytest
from golden_target import GoldenTarget, overlay_of
from small import small

from edgemoe.boardtest import board_test
from edgemoe.boardtest.run import find_overlay, words
from edgemoe.errors import UserError
from edgemoe.golden.random_package import random_package
from edgemoe.package import save


class StuckBit(GoldenTarget):
    """Bit 5 of the image region's address is always 0."""

    def write(self, offset: int, value: int) -> None:
        super().write(offset, value & ~0x20 if offset == self.offsets["image"] else value)


class Alias(GoldenTarget):
    """The size of the output answers at the size of the statistics, too."""

    def read(self, offset: int) -> int:
        same = offset == self.offsets["statistics_bytes"]
        return super().read(self.offsets["output_bytes"] if same else offset)


class WritableIdentity(GoldenTarget):
    """What the host writes to an output register stays there."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.read_only = set()


class Corrupted(GoldenTarget):
    """One byte of long outputs is wrong, as of a memory port that drops a beat."""

    def _run(self) -> None:
        super()._run()
        address, size = (self.values.get(self.offsets[n], 0) for n in ("output", "output_bytes"))
        if size > 4096:
            self.arena.view(address, size)[2000] ^= 1


class Silent(GoldenTarget):
    """Ends runs without an interrupt."""

    @property
    def interrupt(self) -> bool:
        return False


class Hangs(GoldenTarget):
    """Never ends a run with an image."""

    def _run(self) -> None:
        if self.values.get(self.offsets["image_bytes"], 0) > 100:
            self.left = 1 << 60
        else:
            super()._run()


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("package") / "small.safetensors"
    save(random_package(small(), 1), path)
    return path


def tried(folder: Path, target: type[GoldenTarget], package: Path) -> dict[str, Any]:
    with overlay_of(folder, target) as overlay:
        return board_test(overlay=overlay, model=str(package), frames=2, out=folder / "out", simulated=True)


def verdicts(report: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["verdict"] for check in report["checks"]}


def test_a_sound_board_passes(tmp_path: Path, package: Path) -> None:
    report = tried(tmp_path, GoldenTarget, package)
    expected = dict.fromkeys(("registers", "memory", "golden", "interrupt", "speed"), "passed")
    assert verdicts(report) == expected | {"power": "skipped"}
    assert report["passed"] and report["build"] == "sim-small" and report["board"] == "simulated"
    assert json.loads((tmp_path / "out" / "board-test.json").read_text()) == report
    assert "frames_per_second" not in json.dumps(report), "the simulated board has no rate of its own"
    assert "5 passed, 0 failed, 1 skipped" in words(report)


@pytest.mark.parametrize(
    ("target", "failed", "said"),
    [
        (StuckBit, {"registers"}, "image (alone): wrote 0x"),
        (Alias, {"registers"}, "statistics_bytes"),
        (WritableIdentity, {"registers"}, "build_id (after a write to it)"),
        (Corrupted, {"memory", "golden"}, "1 of"),
        (Silent, {"interrupt"}, "the wait for an interrupt"),
        (Hangs, {"memory", "golden", "interrupt", "speed"}, "did not finish"),
    ],
)
def test_a_fault_is_found(
    target: type[GoldenTarget], failed: set[str], said: str, tmp_path: Path, package: Path
) -> None:
    report = tried(tmp_path, target, package)
    assert {name for name, verdict in verdicts(report).items() if verdict == "failed"} >= failed
    assert not report["passed"]
    details = [check["detail"] for check in report["checks"] if check["verdict"] == "failed"]
    assert any(said in detail for detail in details), details


def test_without_a_board_the_way_out_is_said() -> None:
    with pytest.raises(UserError, match=r"--overlay PATH.*--simulated"):
        find_overlay(None, False, "sim-small")


def test_an_overlay_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        find_overlay(tmp_path / "none.bit", False, "sim-small")
