# SPDX-License-Identifier: Apache-2.0
"""What stands between a browser and the page of `edgemoe demo`, and does there what networks do."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

EVENT = "/gradio_api/run/predict"
Is = Callable[[list[Any]], bool]
"""Whether an answer is of some kind, by the values that it has for the page."""


def never(values: list[Any]) -> bool:
    """No answer at all."""
    return False


def began(values: list[Any]) -> bool:
    """The answer to Run: what is said, and the number of the run."""
    return len(values) == 2


def looked(values: list[Any]) -> bool:
    """The answer to a look at a run: how far it is, its result, and its number if it has ended."""
    return len(values) == 3


def resulted(values: list[Any]) -> bool:
    """The look that brings the result."""
    return looked(values) and "<article" in str(values[1])


class Between:
    """Passes on what the page answers; told which answers to hold back and which to lose.

    held: the answers that were held back.
    lost: as many of `lose` as are lost yet; how: "cut" ends the connection, "bad" answers something else.
    """

    def __init__(self) -> None:
        self.hold: Is = never
        self.held: list[list[Any]] = []
        self.lose: Is = never
        self.lost = 0
        self.how = "bad"

    def of(self, app: Any) -> Any:
        """The application with this before it."""

        async def answer(scope: Any, receive: Any, send: Any) -> None:
            if scope.get("path") != EVENT:
                await app(scope, receive, send)
                return
            messages: list[Any] = []

            async def kept(message: Any) -> None:
                messages.append(message)

            await app(scope, receive, kept)
            await self._answer(messages, send)

        return answer

    async def _answer(self, messages: list[Any], send: Any) -> None:
        body = json.loads(b"".join(message.get("body", b"") for message in messages))
        values = body.get("data", [])
        if self.hold(values):
            self.held.append(values)
        while self.hold(values):
            await asyncio.sleep(0.01)
        if self.lost and self.lose(values):
            self.lost -= 1
            if self.how == "cut":
                return  # the server ends the connection of what is not answered
            messages = [
                {"type": "http.response.start", "status": 502, "headers": []},
                {"type": "http.response.body", "body": b"no answer"},
            ]
        for message in messages:
            await send(message)
