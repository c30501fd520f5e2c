# SPDX-License-Identifier: Apache-2.0
"""The lines of the IR's text, token by token."""

from __future__ import annotations

import json
import re
from typing import Any

from edgemoe.compiler.ir import NOWHERE, Loc

#: A string, a value, a word, a number or a mark.
_TOKEN = re.compile(
    r'\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<value>[vp]\d+(?!\w)|%[\w.]+|&[\w.]+|\d+:\d+)'
    r"|(?P<word>[A-Za-z_][\w.]*)|(?P<number>-?\d+)|(?P<mark>->|[-=,()?:+*\[\]{}]))"
)
_JSON = json.JSONDecoder()


class IRSyntaxError(ValueError):
    """A line that is not the text of an IR program."""


class Line:
    """A line without its place in the source, read from left to right."""

    def __init__(self, text: str, number: int) -> None:
        self.number = number
        body, at, place = text.rpartition("  ; ")
        self.text, self.loc = (body, _place(place)) if at else (text, NOWHERE)
        self.text = self.text.strip()
        self.at = 0

    def fail(self, wanted: str) -> IRSyntaxError:
        return IRSyntaxError(f"line {self.number}: {wanted} expected at '{self.text[self.at :]}'")

    def peek(self) -> str:
        found = _TOKEN.match(self.text, self.at)
        return found[0].strip() if found else ""

    def next(self, wanted: str = "") -> str:
        """The next token; ``wanted`` is what it must be."""
        token = self.peek()
        if not token or (wanted and token != wanted):
            raise self.fail(wanted or "more")
        found = _TOKEN.match(self.text, self.at)
        assert found is not None
        self.at = found.end()
        return token

    def has(self, token: str) -> bool:
        """Reads the token if it is next."""
        if self.peek() != token:
            return False
        self.next()
        return True

    def name(self) -> str:
        token = self.next()
        return json.loads(token) if token.startswith('"') else token

    def json(self) -> Any:
        """A JSON value, or a word."""
        while self.text[self.at : self.at + 1] == " ":
            self.at += 1
        if re.match(r'[\[{"\d-]|(true|false|null)\b', self.text[self.at :]):
            value, self.at = _JSON.raw_decode(self.text, self.at)
            return value
        return self.next()

    def fields(self) -> dict[str, Any]:
        """``key=value`` up to the end."""
        result = {}
        while self.peek():
            key = self.next()
            self.next("=")
            result[key] = self.json()
        return result


def _place(text: str) -> Loc:
    file, _, line = text.rpartition(":")
    return Loc(json.loads(f'"{file}"'), int(line))
