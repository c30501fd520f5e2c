# SPDX-License-Identifier: Apache-2.0
"""What of the web library may be reached: the page, its scripts, its events and uploads. Nothing else.

The library has routes that hand out files of its cache, fetch addresses, and call other servers. The page needs none
of them: its pictures are inside it. An event may name a file that the library then reads, or an address that it then
fetches; here it may name an upload only.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from edgemoe import images
from edgemoe.demo.visits import Visits

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN = re.compile(
    r"/(|config|theme\.css|favicon\.ico|manifest\.json|robots\.txt|(assets|static)/.+"
    r"|gradio_api/(app_id|upload|upload_progress|heartbeat/\w+|run/predict))"
)
UPLOAD = "/gradio_api/upload"
EVENT = "/gradio_api/run/predict"
"""An event of the page is one request, and what comes of it the answer. The library's other way, a queue whose answers
come over a stream that is closed and opened anew, loses events that arrive while it is being closed."""
PRESENCE = "/gradio_api/heartbeat/"
"""What a page that is open holds a connection to, until it is left."""
EVENT_BYTES = 1 << 20
"""Largest event: names and choices."""
ENVELOPE = 1 << 16
"""Bytes that a form may have around its file."""
HEADERS = {
    # The browser itself asks nobody else for anything, whatever the library's scripts contain.
    "content-security-policy": "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-ancestors 'self'; "
    "form-action 'self'; base-uri 'self'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


class Guard:
    """An ASGI application around another.

    uploads: the folder of the files that an event may name.
    visits: told of the pages that are open.
    hosts: names by which the page may be asked for; None for any. A page on this computer alone answers to no other
    name, so that a site elsewhere can't reach it through a name of its own that leads here.
    """

    def __init__(self, app: App, uploads: Path, visits: Visits, hosts: frozenset[str] | None = None) -> None:
        self.app, self.uploads, self.visits, self.hosts = app, uploads.resolve(), visits, hosts
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Every connection is over: an answer that goes on and on would hold up the end."""
        self._ended.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        if self.hosts is not None and _host(headers.get("host", "")) not in self.hosts:
            await _refuse(send, 400, "This page answers to its own address only.")
        elif not OPEN.fullmatch(scope["path"]) or ".." in scope["path"].split("/"):
            await _refuse(send, 404, "There is nothing here.")
        elif scope["path"] == UPLOAD and _too_long(headers.get("content-length", "")):
            await _refuse(send, 413, f"An image of more than {images.MAX_UPLOAD_BYTES:,} bytes is not taken.")
        elif scope["path"].startswith(PRESENCE):
            with self.visits.connected(scope["path"].removeprefix(PRESENCE)):
                await self._pass_on(scope, receive, send)
        elif scope["path"] == EVENT:
            body = await _whole(receive, EVENT_BYTES)
            if (event := self._checked(body)) is None:
                await _refuse(send, 400, "Such an event is not taken.")
                return
            kept = [(name, value) for name, value in scope["headers"] if name.lower() != b"content-length"]
            scope = {**scope, "headers": [*kept, (b"content-length", str(len(event)).encode())]}
            await self._pass_on(scope, _replayed(event, receive), send)
        else:
            await self._pass_on(scope, receive, send)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the application answer; an answer that the end of the page cuts short is closed as a whole one is."""
        said = ""

        async def sent(message: MutableMapping[str, Any]) -> None:
            nonlocal said
            said = (
                "all" if message["type"] == "http.response.body" and not message.get("more_body") else "some"
            )
            await send(message)

        await self.app(scope, self._until_end(receive), _with_headers(sent))
        if self._ended.is_set() and said == "some":
            await send({"type": "http.response.body", "body": b""})
        elif self._ended.is_set() and not said:
            await _refuse(send, 503, "The page is being closed.")

    def _checked(self, body: bytes | None) -> bytes | None:
        """An event that names no file but uploads, and no address; None for any other."""
        try:
            event = json.loads(body or b"")
            self._check(event)
        except (ValueError, RecursionError, OSError):
            return None
        return json.dumps(event).encode()

    def _check(self, value: Any) -> None:
        """ValueError where a file is named that is no upload; addresses of files are taken out."""
        if isinstance(value, dict):
            if "path" in value:
                value.pop("url", None)  # the browser's own, which the page does not need
                path = value["path"]
                if not isinstance(path, str) or self.uploads not in Path(path).resolve().parents:
                    raise ValueError("no upload")
            for entry in value.values():
                self._check(entry)
        elif isinstance(value, list):
            for entry in value:
                self._check(entry)

    def _until_end(self, receive: Receive) -> Receive:
        """What the browser sends; that it is gone as soon as the page ends."""

        async def received() -> MutableMapping[str, Any]:
            asked, ended = asyncio.ensure_future(receive()), asyncio.ensure_future(self._ended.wait())
            try:
                await asyncio.wait({asked, ended}, return_when=asyncio.FIRST_COMPLETED)
                return asked.result() if asked.done() else {"type": "http.disconnect"}
            finally:
                for task in (asked, ended):
                    if not task.done():
                        task.cancel()
                        with contextlib.suppress(asyncio.CancelledError):
                            await task

        return received


def _host(value: str) -> str:
    """The name in a Host header, without its port."""
    return value.rpartition("]")[0] + "]" if value.startswith("[") else value.partition(":")[0].lower()


def _too_long(length: str) -> bool:
    """Whether a body is longer than an upload may be; one of no stated length counts as such."""
    return not length.isdecimal() or int(length) > images.MAX_UPLOAD_BYTES + ENVELOPE


def _with_headers(send: Send) -> Send:
    async def sent(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            more = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            message = {**message, "headers": [*message.get("headers", []), *more]}
        await send(message)

    return sent


async def _whole(receive: Receive, most: int) -> bytes | None:
    """The body of a request; None if it is longer than `most` bytes or breaks off."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > most:
            return None
        if not message.get("more_body"):
            return body


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A request with this body, and then what the browser sends."""
    waiting = [body]

    async def received() -> MutableMapping[str, Any]:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return received


async def _refuse(send: Send, status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})
