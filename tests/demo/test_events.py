# SPDX-License-Identifier: Apache-2.0
"""Events of the page, sent as its script sends them, without a browser."""

import json
import threading
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError

import pytest
from acting import Acting
from between import EVENT

from edgemoe.demo import page
from edgemoe.errors import UserError

pytestmark = pytest.mark.slow
PICTURES = 60
"""More pages at once than the library has threads."""


def ask(address: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


def events(address: str) -> dict[str, int]:
    """Name -> number of what the page can ask for."""
    return {entry["api_name"]: entry["id"] for entry in ask(f"{address}/config")["dependencies"]}


def send(address: str, name: str, session: str, *data: Any) -> list[Any]:
    """Send one event; the values of its answer."""
    message = {"data": data, "fn_index": events(address)[name], "session_hash": session, "trigger_id": None}
    return list(ask(address + EVENT, message)["data"])


def result(address: str, session: str, begun: int) -> list[Any]:
    """Look at a run until it has ended."""
    end = time.monotonic() + 30
    while isinstance((values := send(address, "look", session, begun))[2], dict):  # left as it is
        assert time.monotonic() < end
        time.sleep(0.05)
    return values


def test_no_event_goes_through_the_queue(acting_page: str) -> None:
    assert not any(entry["queue"] for entry in ask(f"{acting_page}/config")["dependencies"])
    for path in (
        "queue/join",
        "queue/data?session_hash=a",
        "call/run",
        "api/run",
        "run/run",
        "cancel",
        "reset",
    ):
        for body in (None, {"data": [None, "both"], "session_hash": "a", "fn_index": 5}):
            with pytest.raises(HTTPError) as refused:
                ask(f"{acting_page}/gradio_api/{path}", body)
            assert refused.value.code == HTTPStatus.NOT_FOUND
            assert refused.value.read() == b"There is nothing here."


def test_a_page_sees_its_own_run_only(acting_page: str, device: Acting) -> None:
    for session in ("one", "two"):
        send(acting_page, "pick", session, "street")
    said, begun = send(acting_page, "run", "one", None, "both")
    assert said == ""
    other = send(acting_page, "look", "two", begun)
    assert (other[0], other[2]) == (page.view.refusal(page.FORGOTTEN), begun)
    assert "Result" not in str(other)
    first, again = (result(acting_page, "one", begun) for _ in range(2))
    assert "Result of street" in first[1]
    assert first == again  # an answer that is lost is had again
    assert first[2] == begun
    assert "Choose an image first" in send(acting_page, "run", "three", None, "both")[0]


def test_pictures_are_read_one_at_a_time_and_nobody_else_waits(
    acting_page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, most, gate = [0], [0], threading.Event()

    def slow(*arguments: Any) -> Any:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        gate.wait(30)
        time.sleep(0.01)
        inside[0] -= 1
        raise UserError("read")

    monkeypatch.setattr(page, "read_offered", slow)
    with ThreadPoolExecutor(PICTURES) as pages:
        reading = [pages.submit(send, acting_page, "pick", f"page{n}", "street") for n in range(PICTURES)]
        while not inside[0]:
            time.sleep(0.01)
        time.sleep(1)
        assert page.FORGOTTEN in send(acting_page, "look", "other", 3)[0]
        assert not any(answer.done() for answer in reading)
        gate.set()
        assert {answer.result()[2] for answer in reading} == {page.view.refusal("read")}
    assert most == [1]


@pytest.mark.parametrize(
    ("name", "begin"),
    [("pick", lambda send: send("pick", "street")), ("run", lambda send: send("run", None, "depth"))],
)
def test_a_fault_is_told(
    acting_page: str, monkeypatch: pytest.MonkeyPatch, name: str, begin: Callable[..., list[Any]]
) -> None:
    def broken(*arguments: Any) -> Any:
        raise ValueError("a fault")

    send(acting_page, "pick", "one", "street")
    monkeypatch.setattr(page, "read_offered", broken)
    monkeypatch.setattr("edgemoe.demo.visits.Visits.start", broken)
    said = [value for value in begin(lambda *event: send(acting_page, event[0], "one", *event[1:])) if value]
    assert any("a fault of edgemoe itself (ValueError)" in str(value) for value in said)


def test_a_result_that_can_not_be_shown(acting_page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any) -> Any:
        raise ValueError("a fault")

    send(acting_page, "pick", "one", "street")
    monkeypatch.setattr(page.view, "result", broken)
    _, begun = send(acting_page, "run", "one", None, "depth")
    said, _, ended = result(acting_page, "one", begun)
    assert "a fault of edgemoe itself (ValueError)" in said
    assert ended == begun
