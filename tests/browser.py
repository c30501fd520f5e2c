# SPDX-License-Identifier: Apache-2.0
"""Headless Chromium for the tests of several rooms: it measures, prints, and can be driven."""

import base64
import contextlib
import html
import json
import os
import re
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
    *("--disable-background-networking", "--disable-dev-shm-usage"),
    # A tab behind another goes on as if it were looked at.
    *("--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding"),
    "--disable-background-timer-throttling",
)
# Sent by the page itself once it is laid out, to the frame's parent, whose document the browser prints.
MEASURE = """<script>addEventListener("load", () => {
  const bad = [], width = document.documentElement.clientWidth;
  const scrolls = e => e && (/auto|scroll/.test(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; node = walker.nextNode();) {
    const parent = node.parentElement;
    if (!node.textContent.trim() || parent.closest("title, style, script")) continue;
    const range = document.createRange(); range.selectNodeContents(node);
    const svg = parent.closest("svg");
    let frame = {left: 0, right: width + 0.5, top: -1, bottom: 1e9};
    let size = parseFloat(getComputedStyle(parent).fontSize);
    let box = range.getBoundingClientRect();
    if (!box.width) continue;
    if (svg) {
      frame = svg.getBoundingClientRect(); box = parent.getBoundingClientRect();
      size *= parent.getScreenCTM().a;
    }
    const said = node.textContent.trim().slice(0, 40);
    const outside = box.left < frame.left - 1 || box.right > frame.right + 1;
    if (outside && (svg || !scrolls(parent))) bad.push("outside: " + said);
    if (svg && (box.top < frame.top - 1 || box.bottom > frame.bottom + 1)) bad.push("outside: " + said);
    if (size < 8) bad.push("small, " + size.toFixed(1) + " px: " + said);
    for (let e = parent; e && !svg; e = e.parentElement)
      if (/hidden|clip/.test(getComputedStyle(e).overflowX) && e.scrollWidth > e.clientWidth + 1)
        bad.push("clipped: " + said);
  }
  const broken = [...document.images].filter(i => i.complete && !i.naturalWidth).map(i => "broken: " + i.alt);
  parent.postMessage(JSON.stringify({inner: innerWidth, scroll: document.documentElement.scrollWidth,
    bad: bad.concat(broken), texts: document.body.innerText.length}), "*");
});</script>"""
FRAME = """<!doctype html><body style="margin: 0"><pre></pre>
<script>addEventListener("message", e => document.querySelector("pre").textContent = e.data)</script>
<iframe src="{page}" style="width: {width}px; height: 900px; border: 0"></iframe>"""


class Browser:
    """Headless Chromium. A frame gives a page's width exactly: a window can't be narrower than about 500 px."""

    def __init__(self, program: str, folder: Path) -> None:
        self.program, self.folder = program, folder

    def _run(self, *arguments: str) -> str:
        command = [self.program, *FLAGS, f"--user-data-dir={self.folder / 'profile'}", *arguments]
        # Its temporary folder is named relative to where it runs: it puts a socket there, whose whole path may have 107
        # characters only, and the checkout's may be longer.
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, **self._here())
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _here(self) -> dict[str, Any]:
        (self.folder / "t").mkdir(exist_ok=True)
        return {"cwd": self.folder, "env": {**os.environ, "TMPDIR": "t", "HOME": str(self.folder)}}

    def measure(self, page: Path, width: int) -> dict[str, Any]:
        """`inner` and `scroll` width of the page in a frame of `width`, and `bad`, the texts not seen whole."""
        copy = page.with_name(f"measured.{width}.html")
        copy.write_text(
            page.read_text(encoding="utf-8").replace("</body>", MEASURE + "</body>"), encoding="utf-8"
        )
        frame = page.with_name(f"frame.{width}.html")
        frame.write_text(FRAME.format(page=copy.name, width=width), encoding="utf-8")
        dom = self._run(
            "--virtual-time-budget=10000", "--window-size=1300,1000", "--dump-dom", frame.as_uri()
        )
        found = re.search(r"<pre>(.+?)</pre>", dom, re.DOTALL)
        assert found, dom[:2000]
        measured: dict[str, Any] = json.loads(html.unescape(found[1]))
        return measured

    def pdf(self, page: Path) -> bytes:
        """The page as printed."""
        target = page.with_suffix(".pdf")
        self._run("--no-pdf-header-footer", f"--print-to-pdf={target}", page.as_uri())
        return target.read_bytes()

    @contextmanager
    def driven(self) -> Iterator["Driven"]:
        """The browser, started once and told what to do; for pages that a server answers."""
        profile = f"--user-data-dir={self.folder / 'driven'}"
        to_read, to_write = os.pipe()
        from_read, from_write = os.pipe()
        # It reads commands from descriptor 3 and answers on 4, whatever numbers they have here.
        shell = f'exec "$@" 3<&{to_read} 4>&{from_write}'
        process = subprocess.Popen(
            [
                "bash",
                "-c",
                shell,
                "-",
                self.program,
                *FLAGS,
                profile,
                "--remote-debugging-pipe",
                "about:blank",
            ],
            pass_fds=(to_read, from_write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **self._here(),
        )
        os.close(to_read)
        os.close(from_write)
        driven = Driven(from_read, to_write)
        try:
            yield driven
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)
            os.close(from_read)
            os.close(to_write)


class Driven:
    """A running browser, spoken to in the protocol of its developer tools."""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading, self._writing = reading, writing
        self._buffer, self._number = b"", 0
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """One command; its result."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._writing, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + 60
        while time.monotonic() < end:
            answer = self._next(end)
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return dict(answer["result"])
            self.events.append(answer)
        raise TimeoutError(method)

    def _next(self, end: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._reading], [], [], max(0, end - time.monotonic()))
            assert ready, "the browser does not answer"
            piece = os.read(self._reading, 1 << 20)
            assert piece, "the browser has ended"
            self._buffer += piece
        first, _, self._buffer = self._buffer.partition(b"\0")
        return dict(json.loads(first))

    def tab(
        self, address: str = "about:blank", width: int = 1200, height: int = 900, *, dark: bool = False
    ) -> "Tab":
        """A new tab of that size."""
        target = self.call("Target.createTarget", url="about:blank", newWindow=True)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = Tab(self, session)
        for domain in ("Page", "Runtime", "Network", "Log", "DOM"):
            tab.call(f"{domain}.enable")
        tab.call("Emulation.setFocusEmulationEnabled", enabled=True)
        tab.resize(width, height)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        tab.call("Emulation.setEmulatedMedia", features=[scheme])
        if address != "about:blank":
            tab.call("Page.navigate", url=address)
        return tab


class Tab:
    """One page in a `Driven` browser."""

    def __init__(self, driven: Driven, session: str) -> None:
        self.driven, self.session = driven, session

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command to this tab."""
        return self.driven.call(method, self.session, **parameters)

    def resize(self, width: int, height: int) -> None:
        """The page's size in pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression; a promise is waited for."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait(self, condition: str, seconds: float = 60.0) -> Any:
        """Until a JavaScript expression is true; its value."""
        end = time.monotonic() + seconds
        while not (value := self.run(f"(found => found instanceof Node || found)({condition})")):
            assert time.monotonic() < end, f"waited for {condition}; the page says: {self.text()[:1500]}"
            time.sleep(0.1)
        return value

    def text(self) -> str:
        """What the page says."""
        return str(self.run("document.body ? document.body.innerText : ''"))

    def choose_file(self, selector: str, path: Path) -> None:
        """Put a file into a file input, as somebody who picks it does."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(path)])

    def key(self, key: str, code: int) -> None:
        """Press and release a key; code: its number, as browsers count."""
        more = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **more
            )

    def picture(self, path: Path, *, whole: bool = True) -> None:
        """A screenshot as PNG; of the whole page, or of what is seen of it."""
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        path.write_bytes(base64.b64decode(data))

    def _events(self, method: str) -> list[dict[str, Any]]:
        self.run("1")  # what has been sent is read
        return [
            event["params"]
            for event in self.driven.events
            if event.get("sessionId") == self.session and event.get("method") == method
        ]

    def asked(self) -> list[str]:
        """Every address that the page asked for."""
        return [event["request"]["url"] for event in self._events("Network.requestWillBeSent")]

    def complaints(self) -> list[str]:
        """Errors of the console: of scripts, and of what could not be loaded."""
        said = [
            str(event["args"])
            for event in self._events("Runtime.consoleAPICalled")
            if event["type"] in ("error", "assert")
        ]
        said += [str(event["exceptionDetails"]) for event in self._events("Runtime.exceptionThrown")]
        logged = [event["entry"] for event in self._events("Log.entryAdded")]
        return said + [
            f"{entry['text']} {entry.get('url', '')}" for entry in logged if entry["level"] == "error"
        ]


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    """Chromium; where there is none the test is skipped, or fails under EDGEMOE_REQUIRE_CHROMIUM=1."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        say = "no chromium in PATH; Debian's package `chromium` has it"
        if os.environ.get("EDGEMOE_REQUIRE_CHROMIUM") == "1":
            pytest.fail(say)
        pytest.skip(say)
    return Browser(program, tmp_path)
