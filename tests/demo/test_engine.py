# SPDX-License-Identifier: Apache-2.0
"""The engine: one run at a time, each its own result, and on after a failure."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acting import Acting

from edgemoe.backends import Golden
from edgemoe.demo.devices import Device
from edgemoe.demo.engine import Answer, BusyError, Engine, Job
from edgemoe.errors import DeviceError, UserError
from edgemoe.inputs import Picture
from edgemoe.program import Workload
from edgemoe.results import TaskOutput, arrays_of

SECONDS = 30


@pytest.fixture
def engine(device: Acting) -> Iterator[Engine]:
    with closing(Engine("small", device.device, waiting=3)) as made:
        yield made


def finished(job: Job) -> Answer:
    assert job.done.wait(SECONDS)
    assert job.answer is not None, job.error
    return job.answer


def check(answer: Answer, picture: Picture, workload: Workload) -> None:
    """The arrays are golden's for this very picture."""
    assert answer.picture is picture
    for task, array in answer.arrays.items():
        run = Golden(workload).run(picture.pixels, task)
        expected = arrays_of(workload.package, {task: TaskOutput(run.features, run.head)})[task]
        np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize(
    ("task", "ran"),
    [
        ("both", ["segmentation", "depth"]),
        ("segmentation", ["segmentation"]),
        ("depth", ["depth"]),
    ],
)
def test_a_run(engine: Engine, workload: Workload, make_picture: Any, task: str, ran: list[str]) -> None:
    picture = make_picture(1)
    answer = finished(engine.submit(picture, task))
    assert list(answer.arrays) == ran == list(answer.report["task"])
    check(answer, picture, workload)
    assert answer.report["bit_exact"] is True
    assert answer.report["image_name"] == "1.png"


def test_golden_is_not_compared_with_itself(workload: Workload, make_picture: Any) -> None:
    with closing(Engine("small", Device("golden", "", workload, lambda: Golden(workload)))) as engine:
        assert finished(engine.submit(make_picture(1), "depth")).report["bit_exact"] is None


def test_a_difference_is_seen(
    engine: Engine, make_picture: Any, device: Acting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "run", lambda pixels, task: Golden.run(device, 255 - pixels, task))
    report = finished(engine.submit(make_picture(1), "depth")).report
    assert report["bit_exact"] is False
    assert report["mismatches"] > 0
    assert report["first_divergence"]["golden"] != report["first_divergence"]["got"]


def test_many_at_once_keep_their_order_and_their_own(
    workload: Workload, device: Acting, make_picture: Any
) -> None:
    pictures = [make_picture(seed) for seed in range(8)]
    with closing(Engine("small", device.device, waiting=8)) as engine:
        jobs: dict[int, Job] = {}
        threads = [
            threading.Thread(target=lambda n=n: jobs.update({n: engine.submit(pictures[n], "depth")}))
            for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for n, job in jobs.items():
            check(finished(job), pictures[n], workload)
    assert device.most == 1
    assert device.opened == 1


def test_first_come_first_served(engine: Engine, device: Acting, make_picture: Any) -> None:
    device.gate.clear()
    pictures = [make_picture(seed) for seed in range(3)]
    jobs = [engine.submit(picture, "depth") for picture in pictures]
    assert [engine.ahead(job) for job in jobs[1:]] in ([1, 2], [0, 1])
    device.gate.set()
    for job in jobs:
        finished(job)
    assert device.order == [picture.pixels.tobytes() for picture in pictures]


def test_a_full_queue_asks_to_come_again(engine: Engine, device: Acting, make_picture: Any) -> None:
    device.gate.clear()
    first = engine.submit(make_picture(0), "depth")
    while engine.ahead(first) or not device.inside:
        time.sleep(0.01)
    jobs = [engine.submit(make_picture(seed), "depth") for seed in (1, 2, 3)]
    with pytest.raises(BusyError, match=r"3 runs are waiting .* Try again"):
        engine.submit(make_picture(4), "depth")
    jobs[0].stop()  # somebody left: there is room again
    jobs.append(engine.submit(make_picture(4), "depth"))
    device.gate.set()
    for job in jobs[1:]:
        finished(job)
    assert jobs[0].done.wait(SECONDS)
    assert jobs[0].answer is None


@pytest.mark.parametrize("failure", [DeviceError("It hangs."), ValueError("a fault")])
def test_after_a_failure_the_next_run_works(
    engine: Engine, workload: Workload, device: Acting, make_picture: Any, failure: Exception
) -> None:
    device.failures = [failure]
    job = engine.submit(make_picture(0), "depth")
    assert job.done.wait(SECONDS)
    assert job.answer is None
    assert job.error
    assert ("It hangs." in job.error) == isinstance(failure, DeviceError)
    assert device.closed == 1
    check(finished(engine.submit(picture := make_picture(1), "depth")), picture, workload)


def test_a_device_that_does_not_open(workload: Workload, make_picture: Any) -> None:
    tries = iter([DeviceError("No such board."), None])

    def opened() -> Golden:
        if error := next(tries):
            raise error
        return Golden(workload)

    with closing(Engine("small", Device("acting", "", workload, opened))) as engine:
        job = engine.submit(make_picture(0), "depth")
        assert job.done.wait(SECONDS)
        assert job.error == "No such board."
        finished(engine.submit(make_picture(0), "depth"))


def test_a_run_that_nobody_waits_for_ends(engine: Engine, device: Acting, make_picture: Any) -> None:
    device.gate.clear()
    job = engine.submit(make_picture(0), "depth")
    while not device.inside:
        time.sleep(0.01)
    job.stop()
    assert job.done.wait(SECONDS)
    assert job.answer is None
    device.gate.set()
    finished(engine.submit(make_picture(1), "depth"))


def test_closing_ends_what_runs(device: Acting, make_picture: Any) -> None:
    engine = Engine("small", device.device)
    device.gate.clear()
    jobs = [engine.submit(make_picture(seed), "depth") for seed in (0, 1)]
    while not device.inside:
        time.sleep(0.01)
    started = time.monotonic()
    engine.close()
    assert time.monotonic() - started < 3
    assert all(job.done.is_set() and job.answer is None for job in jobs)
    assert device.closed == device.opened
    with pytest.raises(BusyError):
        engine.submit(make_picture(2), "depth")


def test_progress_is_told(engine: Engine, device: Acting, make_picture: Any) -> None:
    device.gate.clear()
    job = engine.submit(make_picture(7), "both")
    end = time.monotonic() + SECONDS
    while not job.part and time.monotonic() < end:
        time.sleep(0.005)
    assert 0 < job.part < 1
    assert job.what == "running 7.png"
    device.gate.set()
    finished(job)


def test_the_last_answers_are_kept(engine: Engine, make_picture: Any) -> None:
    pictures = [make_picture(seed) for seed in range(9)]
    answers = [finished(engine.submit(picture, "depth")) for picture in pictures]
    assert engine.kept(pictures[8], "depth") is answers[8]
    assert engine.kept(pictures[8], "segmentation") is None
    assert engine.kept(pictures[0], "depth") is None  # the oldest makes room


def test_another_name_of_the_same_picture_stays_its_owners(engine: Engine, make_picture: Any) -> None:
    picture = make_picture(1)
    own = finished(engine.submit(picture, "depth"))
    finished(engine.submit(replace(picture, path=Path("secret.png")), "depth"))
    assert engine.kept(picture, "depth") is own


def test_an_unknown_task(engine: Engine, make_picture: Any) -> None:
    with pytest.raises(UserError, match="has no task 'colour'"):
        engine.submit(make_picture(0), "colour")
