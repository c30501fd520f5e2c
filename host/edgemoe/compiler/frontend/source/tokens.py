# SPDX-License-Identifier: Apache-2.0
"""C++ tokens of a preprocessed text, or of one pragma."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

_QUOTES = "\"'"
_PREFIXES = frozenset({"L", "u", "U", "u8", "R", "LR", "uR", "UR", "u8R"})
#: Operators of several characters that would mean something else character by character here.
_LONG = ("::", "->", "==", "!=", "<=", ">=", "&&", "||")


class Kind(enum.Enum):
    """What a token is."""

    WORD = enum.auto()
    NUMBER = enum.auto()
    STRING = enum.auto()  #: or a character
    PUNCTUATION = enum.auto()
    DIRECTIVE = enum.auto()  #: a whole line that starts with a number sign


@dataclass(frozen=True, slots=True)
class Token:
    """A token and where it stands in the text."""

    kind: Kind
    text: str
    at: int

    @property
    def end(self) -> int:
        return self.at + len(self.text)

    @property
    def operand(self) -> bool:
        """Whether it starts or is an operand of an expression."""
        return self.kind in (Kind.WORD, Kind.NUMBER, Kind.STRING)


def lex(text: str) -> list[Token]:
    """The tokens of ``text``; comments and blanks are left out."""
    tokens: list[Token] = []
    at, size, fresh = 0, len(text), True  # fresh: nothing but blanks so far on this line
    while at < size:
        c = text[at]
        if c == "\n":
            fresh = True
            at += 1
            continue
        if c.isspace():
            at += 1
            continue
        if text.startswith("//", at):
            at = _line_end(text, at)
            continue
        if text.startswith("/*", at):
            end = text.find("*/", at + 2)
            at = size if end < 0 else end + 2
            continue
        kind, end = (Kind.DIRECTIVE, _line_end(text, at)) if c == "#" and fresh else _token(text, at)
        tokens.append(Token(kind, text[at:end], at))
        fresh, at = False, end
    return tokens


def spell(tokens: Sequence[Token], texts: Sequence[str] | None = None) -> str:
    """The tokens as text, or ``texts`` in their place, with a blank where the source had one."""
    text = ""
    words = texts if texts is not None else [token.text for token in tokens]
    for before, token, word in zip([None, *tokens], tokens, words, strict=False):
        gap = " " if before is not None and token.at > before.end else ""
        text += gap + word
    return text


def _line_end(text: str, at: int) -> int:
    """The end of the line, lines that go on after a backslash included."""
    while True:
        end = text.find("\n", at)
        if end < 0:
            return len(text)
        if text[end - 1] != "\\":
            return end
        at = end + 1


def _token(text: str, at: int) -> tuple[Kind, int]:
    c = text[at]
    if c.isalpha() or c in "_$":
        end = at + 1
        while end < len(text) and (text[end].isalnum() or text[end] in "_$"):
            end += 1
        if end < len(text) and text[end] in _QUOTES and text[at:end] in _PREFIXES:
            return Kind.STRING, _quoted(text, end, "R" in text[at:end])
        return Kind.WORD, end
    if c.isdigit() or (c == "." and text[at + 1 : at + 2].isdigit()):
        return Kind.NUMBER, _number(text, at)
    if c in _QUOTES:
        return Kind.STRING, _quoted(text, at, raw=False)
    long = next((op for op in _LONG if text.startswith(op, at)), c)
    return Kind.PUNCTUATION, at + len(long)


def _number(text: str, at: int) -> int:
    """The end of a number, separators, suffixes and signed exponents included."""
    end = at + 1
    while end < len(text):
        c = text[end]
        separator = c == "'" and text[end + 1 : end + 2].isalnum()
        exponent = c in "+-" and (
            text[end - 1] in "pP" or (text[end - 1] in "eE" and text[at : at + 2].lower() != "0x")
        )
        if not (c.isalnum() or c in "._" or separator or exponent):
            break
        end += 1
    return end


def _quoted(text: str, at: int, raw: bool) -> int:
    """The end of the string or character whose opening quote is at ``at``."""
    if raw:
        opening = text.find("(", at)
        closing = text.find(")" + text[at + 1 : opening] + '"', opening)
        return len(text) if closing < 0 else text.index('"', closing) + 1
    end = at + 1
    while end < len(text) and text[end] not in (text[at], "\n"):
        end += 2 if text[end] == "\\" else 1
    return min(end + 1, len(text))
