# SPDX-License-Identifier: Apache-2.0
"""The page where answers come late, overtake each other, or get lost, and where it is hidden or left."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from acting import Acting
from between import Between, began, looked, never, resulted
from browser import Driven, Tab
from demo_page import ANSWER, RESULT, again, newer, press, result_of

from edgemoe.demo import visits

pytestmark = pytest.mark.slow
SECONDS = 60


def until(condition: Callable[[], Any]) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def tasks_shown(tab: Tab) -> Any:
    return tab.run(f"[...document.querySelectorAll('{RESULT} [data-picture]')].map(i => i.dataset.picture)")


def choose(tab: Tab, number: int) -> None:
    """Choose a task: 0 both, 1 segmentation, 2 depth."""
    tab.run(f"document.querySelectorAll('#task input')[{number}].click()")
    tab.wait(f"document.querySelectorAll('#task input')[{number}].checked")


def test_the_last_answer_of_a_run_comes_when_the_next_is_under_way(
    driven: Driven, acting_page: str, device: Acting, between: Between
) -> None:
    tab = driven.tab(acting_page)
    result_of(tab, "street")
    first = tab.run(ANSWER)
    between.hold = resulted
    press(tab)
    until(lambda: between.held)
    device.gate.clear()
    press(tab)
    until(lambda: device.inside)
    time.sleep(0.5)  # the page has heard that its second run has begun
    between.hold = never
    tab.wait(f"{ANSWER} !== {first!r}")
    second = tab.run(ANSWER)
    tab.wait("document.querySelector('#state progress')")
    device.gate.set()
    newer(tab, second)


def test_that_a_run_has_begun_is_heard_after_its_end(
    driven: Driven, acting_page: str, device: Acting, between: Between
) -> None:
    tab = driven.tab(acting_page)
    result_of(tab, "street")
    before = tab.run(ANSWER)
    device.gate.clear()
    choose(tab, 1)
    press(tab)
    until(lambda: device.inside)
    tab.wait("document.querySelector('#state progress')")
    between.hold = began
    choose(tab, 2)
    press(tab)  # while the page looks on
    until(lambda: between.held)
    device.gate.set()
    tab.wait(f"{ANSWER} !== {before!r}")
    assert tasks_shown(tab) == ["input", "depth"]
    between.hold = never
    time.sleep(1)
    assert tab.run("document.querySelector('#state').textContent.trim()") == ""
    again(tab)


@pytest.mark.parametrize("how", ["bad", "cut"])
def test_the_answer_with_the_result_is_lost(
    driven: Driven, acting_page: str, device: Acting, between: Between, how: str
) -> None:
    tab = driven.tab(acting_page)
    result_of(tab, "street")
    before = tab.run(ANSWER)
    between.lose, between.lost, between.how = resulted, 3, how
    press(tab)  # cut off, the library tells of it and opens the page anew
    tab.wait(f"{ANSWER} && {ANSWER} !== {before!r}")
    assert between.lost == 0
    assert len(device.order) == 4  # two tasks, twice: nothing was run because an answer was lost
    again(tab)


def test_run_pressed_while_a_run_is_under_way(driven: Driven, acting_page: str, device: Acting) -> None:
    tab = driven.tab(acting_page)
    result_of(tab, "street")
    before = tab.run(ANSWER)
    device.gate.clear()
    press(tab)
    until(lambda: device.inside)
    press(tab)  # the same: it goes on
    time.sleep(0.5)
    assert len(device.order) == 3
    choose(tab, 2)
    press(tab)  # another
    until(lambda: len(device.order) == 4)
    device.gate.set()
    newer(tab, before)
    assert tasks_shown(tab) == ["input", "depth"]
    assert device.most == 1
    assert tab.complaints() == []


def test_a_page_that_is_left_frees_the_device(driven: Driven, acting_page: str, device: Acting) -> None:
    tab = driven.tab(acting_page)
    result_of(tab, "street")
    device.gate.clear()
    press(tab)
    until(lambda: device.inside)
    tab.call("Page.navigate", url="about:blank")
    until(lambda: not device.inside)
    device.gate.set()
    tab = driven.tab(acting_page)
    result_of(tab, "street")
    again(tab)


def test_a_page_that_is_hidden_keeps_its_run(
    driven: Driven, acting_page: str, device: Acting, between: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visits, "LOST_SECONDS", 0.5)
    tab = driven.tab(acting_page)
    result_of(tab, "street")
    before = tab.run(ANSWER)
    device.gate.clear()
    press(tab)
    until(lambda: device.inside)
    tab.run("Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true}) && 1")
    time.sleep(1)
    between.hold = looked
    time.sleep(1)
    assert between.held == []  # the library asks for nothing while the page is not seen
    assert device.inside
    between.hold = never
    device.gate.set()
    tab.run("Object.defineProperty(document, 'visibilityState', {value: 'visible', configurable: true}) && 1")
    newer(tab, before)


def test_a_page_at_rest_asks_for_nothing(driven: Driven, acting_page: str) -> None:
    tab = driven.tab(acting_page)
    result_of(tab, "street")
    again(tab)
    time.sleep(0.5)
    asked = len(tab.asked())
    time.sleep(1.5)
    assert len(tab.asked()) == asked
