# SPDX-License-Identifier: Apache-2.0
"""Back ends of the page by their names, the board's by the golden machine behind the accelerator's registers."""

from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from golden_target import GoldenTarget, overlay_of

from edgemoe import infer
from edgemoe.backends import Golden
from edgemoe.cli import run as edgemoe
from edgemoe.demo import view
from edgemoe.demo.devices import find_device
from edgemoe.demo.engine import Engine
from edgemoe.errors import DeviceError, UserError
from edgemoe.program import Workload

SECONDS = 60


def run(engine: Engine, picture: Any, task: str = "both") -> Any:
    job = engine.submit(picture, task)
    assert job.done.wait(SECONDS)
    return job


def test_a_board_runs_as_golden_does(tmp_path: Path, workload: Workload, make_picture: Any) -> None:
    with overlay_of(tmp_path) as overlay:
        device = find_device("board", workload.package, "zcu104", overlay=overlay)
        assert device.workload.build.name == "sim-small", "the overlay says which build it is"
        with closing(Engine("small", device)) as engine:
            answers = [run(engine, make_picture(seed)).answer for seed in (1, 2)]
            assert "the simulated board, with edgemoe.bit" in view.device(engine)
    for answer in answers:
        assert answer.report["backend"] == "board"
        assert answer.report["bit_exact"] is True
        assert answer.report["task"]["depth"]["cycles"] == GoldenTarget(None, None).delay
        assert "Bit-exact" in view.result(answer)
    assert not np.array_equal(answers[0].arrays["depth"], answers[1].arrays["depth"])


class Failing(GoldenTarget):
    """Does not end its next `broken` runs."""

    broken = 0

    def _run(self) -> None:
        if Failing.broken:
            Failing.broken -= 1
            self.failure = DeviceError("The golden machine hangs.")
            return
        super()._run()


def test_after_a_failure_of_the_board(tmp_path: Path, workload: Workload, make_picture: Any) -> None:
    with overlay_of(tmp_path, Failing) as overlay:
        device = find_device("board", workload.package, "sim-small", overlay=overlay)
        with closing(Engine("small", device)) as engine:
            Failing.broken = 1
            failed = run(engine, make_picture(1), "depth")
            assert failed.answer is None
            assert "The golden machine hangs." in failed.error
            assert run(engine, make_picture(1), "depth").answer.report["bit_exact"] is True


def test_the_overlay_of_a_board_that_is_left_out(
    tmp_path: Path, workload: Workload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(infer, "build_root", lambda: tmp_path)
    with overlay_of(tmp_path), pytest.raises(UserError) as refused:
        find_device("board", workload.package, "sim-small")
    assert str(tmp_path / "overlay" / "sim-small" / "edgemoe.bit") in str(refused.value)


def test_a_device_without_a_board(workload: Workload, make_picture: Any) -> None:
    device = find_device("golden", workload.package, "sim-small")
    with closing(device.opened()) as opened, closing(Golden(workload)) as golden:
        pixels = make_picture(3).pixels
        np.testing.assert_array_equal(
            opened.run(pixels, "depth").features, golden.run(pixels, "depth").features
        )
    assert "no device" in device.words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--backend", "board", "--overlay", "/no/such.bit"], "/no/such.bit"),
        (["--backend", "golden", "--overlay", "a.bit"], "--overlay is for --backend board"),
        (["--backend", "board", "--overlay", "a.bit", "--board", "zcu104"], "not both"),
        (["--backend", "board", "--dram", "latency=3"], "--dram is for --backend rtl"),
    ],
)
def test_options_that_do_not_fit(capfd: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    assert edgemoe(["demo", "--port", "0", *arguments]) == 2
    said = capfd.readouterr().err
    assert words in said
    assert "Traceback" not in said
