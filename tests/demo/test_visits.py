# SPDX-License-Identifier: Apache-2.0
"""The runs of several pages: each its own, and none for a page that is gone."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from acting import Acting

from edgemoe.demo import visits as module
from edgemoe.demo.engine import STOPPED, BusyError, Engine, Job
from edgemoe.demo.visits import PAGES, Visits

SECONDS = 30


@pytest.fixture
def visits(device: Acting) -> Iterator[Visits]:
    """Those of an engine in which one run may wait."""
    with closing(Engine("small", device.device, waiting=1)) as engine:
        yield Visits(engine)


def until(condition: Callable[[], Any]) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def job_of(visits: Visits, page: str) -> Job:
    run = visits.look(page)
    assert run
    return run.job


def test_each_page_has_its_own(visits: Visits, device: Acting, make_picture: Any) -> None:
    device.gate.clear()
    pictures = {page: make_picture(number) for number, page in enumerate("ab")}
    first = visits.start("a", pictures["a"], "depth")
    until(lambda: device.inside)
    assert visits.start("b", pictures["b"], "depth") > first
    device.gate.set()
    for page, picture in pictures.items():
        assert (job := job_of(visits, page)).done.wait(SECONDS)
        assert job.answer
        assert job.answer.picture is picture
    assert visits.look("c") is None


def test_run_pressed_twice_is_one_run(visits: Visits, device: Acting, make_picture: Any) -> None:
    device.gate.clear()
    first = visits.start("a", make_picture(1), "depth")
    until(lambda: device.inside)
    assert visits.start("a", make_picture(1), "depth") == first
    device.gate.set()
    assert job_of(visits, "a").done.wait(SECONDS)
    assert len(device.order) == 1
    assert visits.start("a", make_picture(1), "depth") > first  # it is over: once more
    assert job_of(visits, "a").done.wait(SECONDS)
    assert len(device.order) == 2


@pytest.mark.parametrize("other", [(1, "both"), (2, "depth")])
def test_another_choice_takes_the_place(
    visits: Visits, device: Acting, make_picture: Any, other: tuple[int, str]
) -> None:
    device.gate.clear()
    first = visits.start("a", make_picture(1), "depth")
    before = job_of(visits, "a")
    until(lambda: device.inside)
    assert visits.start("a", make_picture(other[0]), other[1]) > first
    assert before.done.wait(SECONDS)
    assert (before.answer, before.error) == (None, STOPPED)
    device.gate.set()
    assert (job := job_of(visits, "a")).done.wait(SECONDS)
    assert job.answer
    assert (job.answer.picture.path.stem, job.task) == (str(other[0]), other[1])


def test_a_run_that_waits_gives_its_place(visits: Visits, device: Acting, make_picture: Any) -> None:
    device.gate.clear()
    visits.start("a", make_picture(1), "depth")
    until(lambda: device.inside)
    visits.start("b", make_picture(2), "depth")
    before = job_of(visits, "b")
    visits.start("b", make_picture(3), "depth")  # the queue has room for one, and that was b's
    with pytest.raises(BusyError):
        visits.start("a", make_picture(3), "depth")
    device.gate.set()
    for page in "ab":
        assert job_of(visits, page).done.wait(SECONDS)
    assert job_of(visits, "a").answer  # what it ran went on
    assert before.error == STOPPED
    assert len(device.order) == 2


def test_a_page_that_opens(visits: Visits, device: Acting, make_picture: Any) -> None:
    visits.open("a", make_picture(1), "depth")
    assert (job := job_of(visits, "a")).done.wait(SECONDS)
    visits.open("b", make_picture(1), "depth")
    assert job_of(visits, "b").answer is job.answer
    assert len(device.order) == 1
    device.gate.clear()
    visits.start("c", make_picture(2), "depth")
    pressed = job_of(visits, "c")
    visits.open("c", make_picture(1), "depth")  # late
    assert job_of(visits, "c") is pressed
    assert not pressed.stopped
    device.gate.set()


def test_a_page_that_is_left(visits: Visits, device: Acting, make_picture: Any) -> None:
    device.gate.clear()
    with visits.connected("a"), visits.connected("b"):
        with visits.connected("a"):
            visits.start("a", make_picture(1), "depth")
            job = job_of(visits, "a")
            until(lambda: device.inside)
        assert not job.stopped  # it holds another
    assert job.done.wait(SECONDS)
    assert job.error == STOPPED
    assert visits.look("a") is None


def test_a_page_that_asks_no_more(
    visits: Visits, device: Acting, make_picture: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOST_SECONDS", 0.3)
    device.gate.clear()
    with visits.connected("hidden"):
        visits.start("hidden", make_picture(1), "depth")
        job = job_of(visits, "hidden")
        time.sleep(0.6)
        assert not job.stopped  # there, but not seen
        visits.start("lost", make_picture(2), "depth")
        lost = job_of(visits, "lost")
        for _ in range(6):
            visits.look("lost")
            assert not lost.stopped
            time.sleep(0.1)
        time.sleep(0.6)
        assert lost.stopped
        assert visits.start("lost", make_picture(2), "depth")  # the queue has room, and it is asked for again
        assert not job_of(visits, "lost").stopped
        device.gate.set()
        assert job.done.wait(SECONDS)
        assert job.answer


def test_a_page_without_connection_that_was_idle_for_long_may_run(
    visits: Visits, make_picture: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOST_SECONDS", 0.3)
    visits.start("a", make_picture(1), "depth")
    assert job_of(visits, "a").done.wait(SECONDS)
    time.sleep(0.6)
    wanted = []
    submit = Engine.submit

    def submitted(*arguments: Any, **named: Any) -> Job:
        wanted.append(named["wanted"]())  # the engine may ask as soon as the run is queued
        return submit(*arguments, **named)

    monkeypatch.setattr(Engine, "submit", submitted)
    visits.start("a", make_picture(2), "depth")
    assert wanted == [True]


def test_the_longest_idle_is_forgotten(visits: Visits, device: Acting, make_picture: Any) -> None:
    device.gate.clear()
    visits.start("first", make_picture(0), "depth")
    until(lambda: device.inside)
    device.gate.set()
    assert job_of(visits, "first").done.wait(SECONDS)
    for number in range(PAGES + 1):
        visits.open(str(number), make_picture(0), "depth")
    assert visits.look("first") is None
    assert visits.look("0") is None
    assert visits.look("1")
