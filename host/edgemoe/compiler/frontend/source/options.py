# SPDX-License-Identifier: Apache-2.0
"""What a pragma's grammar is made of: options, the values they take, and where a pragma may stand."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from dataclasses import dataclass

from edgemoe.compiler.frontend.source.pragmas import Pragma


class Value(enum.Enum):
    """What may stand behind an option's equals sign."""

    NUMBER = "a constant expression"
    VARIABLE = "a variable or a member"
    TEXT = "a word"
    FLAG = "true or false"


@dataclass(frozen=True, slots=True)
class Option:
    """One option.

    ``field`` is the record's, "" if the option changes nothing. ``words``: those that may be its value, each with what
    the record holds for it; they may also stand alone. ``least``: the smallest number. ``unused``: why it changes
    nothing, for a note; "" if it says what is done anyway, as the values in ``done`` do. ``refused``: why it cannot be
    built, and the way out.
    """

    value: Value = Value.NUMBER
    field: str = ""
    words: Mapping[str, object] = dataclasses.field(default_factory=dict)
    least: int | None = 1
    unused: str = ""
    refused: Mapping[str, str] = dataclasses.field(default_factory=dict)
    done: tuple[str, ...] = ()


class Place(enum.Enum):
    """Where a pragma may stand."""

    FUNCTION = "a function's body"
    LOOP = "a loop's body"


@dataclass(frozen=True, slots=True)
class Grammar:
    """One kind. ``needs``: options that must be there. ``unused``, ``refused``: as of options, for the whole pragma."""

    record: type[Pragma]
    options: Mapping[str, Option] = dataclasses.field(default_factory=dict)
    needs: tuple[str, ...] = ()
    place: Place = Place.FUNCTION
    single: bool = False  #: one of them in a loop or function
    free_word: str = ""  #: the option that an unknown word standing alone is the value of
    unused: str = ""
    refused: str = ""


def flag(field_: str = "", unused: str = "") -> Option:
    return Option(Value.FLAG, field_, unused=unused)


def number(field_: str = "", least: int | None = 1, unused: str = "") -> Option:
    return Option(Value.NUMBER, field_, least=least, unused=unused)


def choice(
    field_: str = "", unused: str = "", refused: Mapping[str, str] | None = None, **words: object
) -> Option:
    return Option(Value.TEXT, field_, words, unused=unused, refused=refused or {})


def text(unused: str = "", done: tuple[str, ...] = ()) -> Option:
    return Option(Value.TEXT, unused=unused, done=done)
