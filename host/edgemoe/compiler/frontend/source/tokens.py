# SPDX-License-Identifier: Apache-2.0
"""C++ tokens of a preprocessed text, or of one pragma."""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass

#: One token and the blanks behind it, or what stands between tokens. An expression is many times faster than a loop
#: over characters, and most of a kernel's text are the headers.
_TOKEN = re.compile(
    r"""
    ^ (?:[^\S\n] | /\*(?:[^*]|\*(?!/))*\*/)* (?P<DIRECTIVE>\# [^\n]* (?:(?<=\\)\n[^\n]*)*)
  | (?: \n+ | [^\S\n]+ | //[^\n]*(?:(?<=\\)\n[^\n]*)* | /\*.*?(?:\*/|\Z) )
  | (?: (?P<STRING> (?:u8|[LuU])?R"(?P<mark>[^(]*)\(.*?(?:\)(?P=mark)"|\Z)
                  | (?:u8|[LuU])?"(?:\\.|[^"\\\n])*["\n]?
                  | (?:u8|[LuU])?'(?:\\.|[^'\\\n])*['\n]? )
      | (?P<WORD> (?:[^\W\d]|\$)[\w$]* )
      | (?P<NUMBER> 0[xX](?:[pP][+-]|'(?=[^\W_])|[\w.])* | \.?\d(?:[eEpP][+-]|'(?=[^\W_])|[\w.])* )
      | (?P<PUNCTUATION> ::|->|==|!=|<=|>=|&&|\|\||. )  # several characters where their parts mean something else
    ) [^\S\n]*
    """,
    re.DOTALL | re.MULTILINE | re.VERBOSE,
)


class Kind(enum.Enum):
    """What a token is."""

    WORD = enum.auto()
    NUMBER = enum.auto()
    STRING = enum.auto()  #: or a character
    PUNCTUATION = enum.auto()
    DIRECTIVE = (
        enum.auto()
    )  #: a whole line that starts with a number sign, and what its backslashes join to it


_KINDS = Kind.__members__  #: by the groups of `_TOKEN`


@dataclass(slots=True, eq=False)
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
    return [
        Token(_KINDS[group], found[group], found.start(group))
        for found in _TOKEN.finditer(text)
        if (group := found.lastgroup) is not None
    ]


def spell(tokens: Sequence[Token], texts: Sequence[str] | None = None) -> str:
    """The tokens as text, or ``texts`` in their place, with a blank where the source had one."""
    text = ""
    words = texts if texts is not None else [token.text for token in tokens]
    for before, token, word in zip([None, *tokens], tokens, words, strict=False):
        gap = " " if before is not None and token.at > before.end else ""
        text += gap + word
    return text
