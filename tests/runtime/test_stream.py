# SPDX-License-Identifier: Apache-2.0
"""Streams: host and device side by side, in order, and clean at each end."""

import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
import pynq
import pytest
from small import small

import edgemoe
from edgemoe import sim
from edgemoe.errors import DeviceError, UserError
from edgemoe.golden.random_package import random_image, random_package
from edgemoe.runtime.stream import side_by_side

SMALL = small()
LONG = 20.0


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("edgemoe-stream")]


# ---- the order of work, without a device


def test_host_and_device_work_side_by_side() -> None:
    """Item n only ends on the device once item n + 1 is prepared and n - 1 finished: one after the other would hang."""
    prepared = [threading.Event() for _ in range(4)]
    finished = [threading.Event() for _ in range(4)]

    def prepare(number: int, item: str) -> int:
        prepared[number].set()
        return number

    def run(number: int) -> int:
        assert number == 3 or prepared[number + 1].wait(LONG)
        assert number == 0 or finished[number - 1].wait(LONG)
        return 10 * number

    def finish(number: int, value: int) -> int:
        finished[number].set()
        return number + value

    assert list(side_by_side(iter("abcd"), prepare, run, finish)) == [0, 11, 22, 33]
    assert threads() == []


@pytest.mark.parametrize("length", range(5))
def test_every_length(length: int) -> None:
    found = side_by_side(iter(range(length)), lambda n, x: (n, x), lambda r: r, lambda r, d: (r, d))
    assert list(found) == [((i, i), (i, i)) for i in range(length)]


def test_the_look_ahead_is_one_item() -> None:
    taken = []

    def items() -> Iterator[int]:
        for i in count():
            taken.append(i)
            yield i

    stream = side_by_side(items(), lambda n, x: x, lambda x: x, lambda x, y: x)
    for i, value in zip(range(5), stream, strict=False):
        assert value == i
        assert len(taken) == i + 2
    stream.close()


@pytest.mark.parametrize("place", ["items", "prepare", "run", "finish"])
@pytest.mark.parametrize("bad", range(4))
def test_an_exception_comes_after_the_results_before_it(place: str, bad: int) -> None:
    def fail(here: str, number: int) -> int:
        if here == place and number == bad:
            raise ValueError(f"{place} {bad}")
        return number

    stream = side_by_side(
        (fail("items", i) for i in range(5)),
        lambda number, item: fail("prepare", number),
        lambda ready: fail("run", ready),
        lambda ready, done: fail("finish", ready),
    )
    found = []
    with pytest.raises(ValueError, match=f"{place} {bad}"):
        found.extend(iter(lambda: next(stream), None))
    for value in range(bad):
        assert value in found
    assert len(found) == bad
    assert list(stream) == []
    assert threads() == []


def test_leaving_early_waits_for_what_runs() -> None:
    ended, runs = [], []

    def run(ready: int) -> int:
        runs.append(ready)
        threading.Event().wait(0.05)
        ended.append(ready)
        return ready

    for value in side_by_side(iter(range(100)), lambda n, x: x, run, lambda x, y: x):
        if value == 3:
            break
    assert runs == ended
    assert len(runs) <= 5
    assert threads() == []


# ---- on the accelerator


@pytest.fixture
def accelerator(golden_overlay: Path) -> Iterator[edgemoe.Accelerator]:
    with edgemoe.Accelerator(pynq.Overlay(str(golden_overlay))) as running:
        running.load(random_package(SMALL, 3))
        yield running


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    return [random_image(SMALL, rng) for _ in range(4)]


def test_results_equal_those_of_infer(accelerator, pictures) -> None:
    """In order, for a task for all and a task for each; the runs' outputs too, byte by byte."""
    frames = [
        (pictures[i], task) for i, task in enumerate(["depth", "segmentation", "segmentation", "depth"])
    ]
    for found, (image, task) in zip(accelerator.stream(frames), frames, strict=True):
        assert found.task == task
        assert np.array_equal(found.value, accelerator.infer(image, task))
        assert found.run.output == accelerator.run(image, task).output
    streamed = [result.labels for result in accelerator.stream(iter(pictures), "segmentation")]
    assert all(
        np.array_equal(a, accelerator.infer(b, "segmentation"))
        for a, b in zip(streamed, pictures, strict=True)
    )
    with pytest.raises(UserError, match="of task 'segmentation', not of 'depth'"):
        _ = next(iter(accelerator.stream(pictures, "segmentation"))).metres


def test_results_stay_as_they_are(accelerator, pictures) -> None:
    """A result is no view of a buffer that the next frame is written to."""
    kept = list(accelerator.stream(pictures + pictures, "depth"))
    copies = [result.value.copy() for result in kept]
    list(accelerator.stream(pictures[::-1], "segmentation"))
    assert all(np.array_equal(a.value, b) for a, b in zip(kept, copies, strict=True))


def test_no_frames(accelerator) -> None:
    assert list(accelerator.stream([], "depth")) == []


@pytest.mark.parametrize(
    ("frames", "task", "words"),
    [
        (3, "depth", "must be an iterable"),
        ([], "nothing", "there are segmentation, depth"),
    ],
)
def test_no_stream(accelerator, frames, task, words: str) -> None:
    with pytest.raises(UserError, match=words):
        accelerator.stream(frames, task)


@pytest.mark.parametrize(
    ("frame", "task", "words"),
    [
        (np.zeros((4, 4)), "depth", "Frame 2 of the stream: An image array must be uint8"),
        ("none.png", "depth", "Frame 2 of the stream: Image none.png"),
        (np.zeros((16, 32, 3), np.uint8), None, "Frame 2 of the stream is a ndarray, not a pair"),
        (
            (np.zeros((16, 32, 3), np.uint8), "nothing"),
            None,
            "Frame 2 of the stream: No task is named 'nothing'",
        ),
    ],
)
def test_a_bad_frame(accelerator, pictures, frame, task, words: str) -> None:
    good = [pictures[0] if task else (pictures[0], "depth")] * 2
    stream = accelerator.stream([*good, frame, *good], task)
    assert np.array_equal(next(stream).value, next(stream).value)
    with pytest.raises(UserError, match=words):
        next(stream)
    assert accelerator.status().state == "idle"
    assert accelerator.infer(pictures[0], "depth").shape == (16, 32)


def test_the_sources_own_exception(accelerator, pictures) -> None:
    def camera() -> Iterator[np.ndarray]:
        yield from pictures[:2]
        raise OSError("the camera is gone")

    found = []
    with pytest.raises(OSError, match="the camera is gone"):
        for result in accelerator.stream(camera(), "depth"):
            found.append(result)
    assert len(found) == 2


def test_two_streams_side_by_side_and_runs_between(accelerator, pictures) -> None:
    """Each has its own buffers; runs are queued."""
    both = zip(
        accelerator.stream(pictures, "depth"), accelerator.stream(pictures, "segmentation"), strict=True
    )
    for image, (depth, labels) in zip(pictures, both, strict=True):
        assert np.array_equal(depth.metres, accelerator.infer(image, "depth"))
        assert np.array_equal(labels.labels, accelerator.infer(image, "segmentation"))


def test_leaving_early_and_closing(accelerator, pictures) -> None:
    """`break`, a generator that is closed, and one that is never begun: buffers come back, the device is free."""
    loaded = accelerator._loaded
    for result in accelerator.stream(pictures, "depth"):
        assert result.task == "depth"
        break
    stream = accelerator.stream(pictures, "depth")
    next(stream)
    stream.close()
    accelerator.stream(pictures, "depth").close()
    assert threads() == []
    assert len(loaded._idle) == len(loaded._sets) == 2
    assert accelerator.status().state == "idle"


def test_close_inside_the_loop(accelerator, pictures) -> None:
    with pytest.raises((UserError, DeviceError), match="was closed"):
        for _ in accelerator.stream(pictures, "depth"):
            accelerator.close()
    assert threads() == []


def test_another_package_inside_the_loop(accelerator, pictures) -> None:
    with pytest.raises(UserError, match="Another package was loaded since"):
        for _ in accelerator.stream(pictures, "depth"):
            accelerator.load(random_package(SMALL, 4))
    assert accelerator.infer(pictures[0], "depth").shape == (16, 32)


def test_a_failing_device_ends_the_stream(accelerator, pictures) -> None:
    stream = accelerator.stream(pictures, "depth")
    first = next(stream)
    sim.activate().unload()
    with pytest.raises(DeviceError):
        list(stream)
    accelerator.reset()
    assert np.array_equal(accelerator.infer(pictures[0], "depth"), first.metres)
