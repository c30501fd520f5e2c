# SPDX-License-Identifier: Apache-2.0
"""What of the web library may be reached: the page, its scripts, its queue and uploads. Nothing else.

The library has routes that hand out files of its cache, fetch addresses, and call other servers. The page needs none
of them: its pictures are inside it.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from edgemoe import images

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN = re.compile(
    r"/(|config|theme\.css|favicon\.ico|manifest\.json|robots\.txt|(assets|static)/.+"
    r"|gradio_api/(app_id|startup-events|upload|upload_progress|heartbeat/\w+|queue/(join|data)|reset|cancel|info))"
)
UPLOAD = "/gradio_api/upload"
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

    hosts: names by which the page may be asked for; None for any. A page on this computer alone answers to no other
    name, so that a site elsewhere can't reach it through a name of its own that leads here.
    """

    def __init__(self, app: App, hosts: frozenset[str] | None = None) -> None:
        self.app, self.hosts = app, hosts
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
        else:
            await self.app(scope, self._until_end(receive), _with_headers(send))

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


async def _refuse(send: Send, status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})
