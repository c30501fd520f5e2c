# SPDX-License-Identifier: Apache-2.0
"""Which statement of the source a line stands in: the brackets around it, and what each of them opens."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from edgemoe.compiler.frontend.source.tokens import Kind, Token, lex

_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_SCOPES = frozenset({"namespace", "class", "struct", "union", "enum", "extern"})
_LOOPS = frozenset({"for", "while", "do"})
_JUMPS = frozenset({"return", "continue", "break", "goto"})
_STATEMENT_ENDS = frozenset({"{", "}", ";", ":"})


class Opens(enum.Enum):
    """What a bracket opens."""

    FUNCTION = enum.auto()  #: the body of a function or a lambda
    LOOP = enum.auto()
    BRANCH = enum.auto()  #: of if, else, switch, try or catch
    BLOCK = enum.auto()  #: nothing but a block
    SCOPE = enum.auto()  #: a namespace, a class, an enumeration
    OTHER = enum.auto()  #: parentheses, an initialiser


BODIES = frozenset({Opens.FUNCTION, Opens.LOOP, Opens.BRANCH, Opens.BLOCK})


@dataclass(slots=True, eq=False)
class Frame:
    """A bracket that is open: the number of its token, and the token before its statement."""

    opens: Opens
    token: int
    header: int  #: the first token of the statement or declaration that the bracket belongs to
    end: int = 0  #: the number of the closing bracket's token, 0 while it is open


@dataclass(slots=True, eq=False)
class Directive:
    """A line that starts with a number sign, and what is around it."""

    token: Token
    frames: tuple[Frame, ...]  #: outermost first
    before: Token | None
    after: Token | None = None
    behind: str = ""  #: the jump or ``switch (...) {`` that it stands behind, where nothing is run
    labelled_alone: bool = False  #: it stands behind the label of a statement that has no braces

    def innermost(self, *opens: Opens) -> Frame | None:
        """The innermost bracket that opens one of these."""
        return next((frame for frame in reversed(self.frames) if frame.opens in opens), None)


@dataclass(slots=True, eq=False)
class Structure:
    """The tokens of a text without its directives, and the directives."""

    tokens: list[Token] = field(default_factory=list)
    directives: list[Directive] = field(default_factory=list)
    functions: list[Frame] = field(
        default_factory=list
    )  #: the bodies of functions and lambdas, in their order
    closing: dict[int, int] = field(default_factory=dict)  #: opening bracket -> closing bracket


def read_structure(text: str) -> Structure:
    """The structure of a preprocessed text."""
    structure = Structure()
    tokens, frames = structure.tokens, list[Frame]()
    starts = [0]  # the first token of the statement, by depth
    pairs: dict[int, int] = {}  # closing bracket -> opening bracket
    waiting: list[Directive] = []
    for token in lex(text):
        if token.kind is Kind.DIRECTIVE:
            directive = Directive(token, tuple(frames), tokens[-1] if tokens else None)
            directive.behind = _behind(tokens, pairs)
            directive.labelled_alone = _labelled_alone(tokens, pairs)
            structure.directives.append(directive)
            waiting.append(directive)
            continue
        for directive in waiting:
            directive.after = token
        waiting.clear()
        number = len(tokens)
        tokens.append(token)
        if token.kind is not Kind.PUNCTUATION:
            continue
        if token.text in _OPENING:
            opens = _opens(tokens, pairs, frames, starts[-1]) if token.text == "{" else Opens.OTHER
            frames.append(Frame(opens, number, starts[-1]))
            if opens is Opens.FUNCTION:
                structure.functions.append(frames[-1])
            starts.append(number + 1)
        elif token.text in _CLOSING and frames:
            frame = frames.pop()
            starts.pop()
            pairs[number] = frame.token
            frame.end = structure.closing[frame.token] = number
            if frame.opens in BODIES or frame.opens is Opens.SCOPE:
                starts[-1] = number + 1
        elif token.text == ";":
            starts[-1] = number + 1
    return structure


def _behind(tokens: list[Token], pairs: dict[int, int]) -> str:
    """The jump that ends right before the end of ``tokens``, or a ``switch`` whose body starts there."""
    last = len(tokens) - 1
    if last < 3:
        return ""
    if tokens[last].text == "{":
        opening = pairs.get(last - 1)
        return "switch" if opening and tokens[opening - 1].text == "switch" else ""
    k = last - 1
    if tokens[last].text != ";":
        return ""
    while k > 0 and tokens[k].text not in _STATEMENT_ENDS:
        if tokens[k].text in _JUMPS:
            # Behind a condition or an else it is one way of two.
            return tokens[k].text if tokens[k - 1].text in _STATEMENT_ENDS else ""
        k = pairs.get(k, k) - 1
    return ""


def _labelled_alone(tokens: list[Token], pairs: dict[int, int]) -> bool:
    """Whether ``tokens`` end with the label of a statement without braces: ``if (x) again:``."""
    k = len(tokens) - 1
    labelled = False
    while k > 0 and tokens[k].text == ":":
        k -= 1
        while k > 0 and tokens[k].text not in ("case", *_STATEMENT_ENDS, "else", "do", "?"):
            if tokens[k].kind is Kind.WORD and tokens[k - 1].text in (")", "else", "do", *_STATEMENT_ENDS):
                break
            k = pairs.get(k, k) - 1
        k -= 1
        labelled = True
    return labelled and k > 0 and tokens[k].text in (")", "else", "do")


def _opens(tokens: list[Token], pairs: dict[int, int], frames: list[Frame], start: int) -> Opens:
    """What the brace opens that is the last of ``tokens``; its statement starts with token ``start``."""
    number = len(tokens) - 1
    header = tokens[start:number]
    top_level = _outside_brackets(start, number, pairs)
    words = {tokens[k].text for k in top_level}
    if any(frame.opens in BODIES for frame in frames[-1:]):
        if _is_lambda(tokens, pairs, top_level):
            return Opens.FUNCTION
        return _opens_in_body(tokens, pairs, number, header, words)
    if frames and frames[-1].opens is Opens.OTHER:
        return Opens.FUNCTION if _is_lambda(tokens, pairs, top_level) else Opens.OTHER
    calls = [k for k in top_level if tokens[k].text == ")" and not _decorates(tokens, pairs, k)]
    if words & _SCOPES and not calls:
        return Opens.SCOPE
    after = {tokens[k].text for k in top_level if calls and k > calls[-1]}
    member = ":" in words and tokens[number - 1].kind is Kind.WORD  # among the initialisers of a constructor
    return Opens.FUNCTION if calls and "=" not in after and not member else Opens.OTHER


def _opens_in_body(
    tokens: list[Token], pairs: dict[int, int], number: int, header: list[Token], words: set[str]
) -> Opens:
    while header and header[-1].text == "]" and tokens[pairs[number - 1] + 1].text == "[":  # an attribute
        header = header[: pairs[number - 1] - number]
        number = pairs[number - 1]
    if not header or header[-1].text == ":":
        return Opens.BLOCK
    before = header[-1]
    if before.text == "do":
        return Opens.LOOP
    if before.text in ("else", "try"):
        return Opens.BRANCH
    if before.text == ")":
        opening = pairs[number - 1]
        keyword = tokens[opening - 1].text
        if keyword in _LOOPS:
            return Opens.LOOP
        if keyword in ("if", "switch", "catch") or (
            keyword == "constexpr" and tokens[opening - 2].text == "if"
        ):
            # A loop without braces of its own around the branch is the same body.
            return Opens.LOOP if words & _LOOPS else Opens.BRANCH
        return Opens.OTHER
    return Opens.SCOPE if words & {"class", "struct", "union", "enum"} else Opens.OTHER


def _is_lambda(tokens: list[Token], pairs: dict[int, int], header: list[int]) -> bool:
    """Whether a brace behind these tokens outside brackets opens a lambda's body."""
    for k in reversed(header):
        if tokens[k].text == "]":
            before = tokens[pairs[k] - 1] if pairs[k] else None
            attribute = tokens[pairs[k] + 1].text == "["
            indexed = before is not None and (
                (before.kind is Kind.WORD and before.text != "return") or before.text in (")", "]")
            )
            if not attribute:
                return not indexed
        elif tokens[k].text in ("=", ",", "?", ":", "else", "do", "try"):
            return False
    return False


def _outside_brackets(start: int, end: int, pairs: dict[int, int]) -> list[int]:
    """The tokens from ``start`` to before ``end`` outside brackets; of a pair of brackets the closing one counts."""
    found, k = [], end - 1
    while k >= start:
        found.append(k)
        k = pairs.get(k, k) - 1
    return found[::-1]


def _decorates(tokens: list[Token], pairs: dict[int, int], closing: int) -> bool:
    """Whether parentheses belong to an attribute or another specifier, not to a parameter list."""
    name = tokens[pairs[closing] - 1].text if pairs[closing] else ""
    return name in ("__attribute__", "alignas", "decltype", "__declspec")


def loop_labels(structure: Structure) -> dict[int, str]:
    """C++ labels by the offset of the loop's keyword that they stand before."""
    tokens = structure.tokens
    labels = {}
    for label, colon, keyword in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if keyword.text in _LOOPS and colon.text == ":" and label.kind is Kind.WORD:
            labels[keyword.at] = label.text
    for k, token in enumerate(tokens):
        if token.text == "case" and k + 3 < len(tokens):
            labels.pop(tokens[k + 3].at, None)
    return {at: label for at, label in labels.items() if label != "default"}
