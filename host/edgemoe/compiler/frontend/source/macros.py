# SPDX-License-Identifier: Apache-2.0
"""Macros in the values of pragmas: ``#pragma HLS PIPELINE II=MY_II``.

clang's preprocessor leaves a pragma that it does not know as it stands. It is asked to keep the macros' definitions
(``-E -dD``); then a text of nothing but these and the pragmas' values, in the same order, goes through it once more, so
that each value is expanded by the definitions that hold at its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from edgemoe.compiler.frontend.source.grammar import GRAMMAR
from edgemoe.compiler.frontend.source.options import Grammar, Option
from edgemoe.compiler.frontend.source.places import Edit, Lines, apply
from edgemoe.compiler.frontend.source.structure import Directive, Structure, read_structure
from edgemoe.compiler.frontend.source.tokens import Kind, Token, lex, spell

#: What clang is asked for beside ``-E``.
KEEP = "-dD"
_HIDE, _BEGIN, _END = "__hls_word_", "__hls_begin", "__hls_end"


def expand_pragmas(text: str, preprocess: Callable[[str], str]) -> tuple[str, Structure]:
    """A text of ``-E -dD`` without its definitions and with the values of its HLS pragmas expanded; lines stay.

    preprocess: what clang's ``-E`` makes of a text.
    """
    structure = read_structure(text)
    named: set[str] = set()
    edits: list[Edit] = []
    pragmas: dict[int, str] = {}  # by offset
    wanted = False
    for directive in structure.directives:
        token = directive.token
        word, name = _definition(token)
        if word:
            named.add(name)
            edits.append((token.at, token.end, " " * len(token.text)))
        elif (hidden := _hidden(token)) is not None:
            pragmas[token.at] = hidden
            wanted |= any(part in named for part in _words(hidden))
    if not wanted:
        structure.directives = [d for d in structure.directives if not _definition(d.token)[0]]
        return apply(text, edits), structure
    expanded = _parts(preprocess(_skeleton(structure.directives, pragmas, Lines(text))))
    for directive, value in zip(
        (d for d in structure.directives if d.token.at in pragmas), expanded, strict=True
    ):
        edits.append((directive.token.at, directive.token.end, value))
    text = apply(text, edits)
    return text, read_structure(text)


def _definition(directive: Token) -> tuple[str, str]:
    """``define`` or ``undef`` and the macro's name, ("", "") for another directive."""
    words = (
        directive.text[1:].partition("(")[0].split(maxsplit=2)[:2]
    )  # clang writes nothing else between them
    return (words[0], words[1]) if len(words) == 2 and words[0] in ("define", "undef") else ("", "")


def _words(text: str) -> Iterator[str]:
    return (token.text for token in lex(text) if token.kind is Kind.WORD)


def _skeleton(directives: list[Directive], pragmas: dict[int, str], lines: Lines) -> str:
    """Definitions and pragmas alone; each pragma between two words, behind the place that clang's complaints have."""
    parts = []
    for directive in directives:
        token = directive.token
        if token.at in pragmas:
            loc = lines.loc(token.at)
            parts += [f'# {loc.line} "{loc.file}"', f"{_BEGIN} {pragmas[token.at]} {_END}"]
        elif _definition(token)[0]:
            parts.append(token.text)
    return "\n".join(parts) + "\n"


def _parts(text: str) -> list[str]:
    """The expanded pragmas, each a directive again."""
    found: list[str] = []
    tokens: list[Token] = []
    for token in lex(text):
        if token.kind is Kind.DIRECTIVE:
            continue
        if token.text == _BEGIN:
            tokens = []
        elif token.text == _END:
            found.append("#" + spell(tokens, [part.text.removeprefix(_HIDE) for part in tokens]))
        else:
            tokens.append(token)
    return found


def _hidden(directive: Token) -> str | None:
    """An HLS pragma without its number sign, the words of its grammar such that no macro has their name; None if it
    is another directive.
    """
    tokens = lex(directive.text[1:].replace("\\\n", " "))
    if [token.text.lower() for token in tokens[:2]] != ["pragma", "hls"]:
        return None
    grammar = GRAMMAR.get(tokens[2].text.lower()) if len(tokens) > 2 else None
    words = [_HIDE + token.text for token in tokens[:2]]
    option: Option | None = None
    for k, token in enumerate(tokens[2:], 2):
        before = tokens[k - 1]
        fresh = before.operand or before.text in (")", "]", "}")
        if fresh and grammar and k + 1 < len(tokens) and tokens[k + 1].text == "=":
            option = grammar.options.get(token.text.lower())
        fixed = token.kind is Kind.WORD and _fixed(token.text.lower(), fresh, before.text, grammar, option)
        words.append(_HIDE + token.text if fixed or (grammar and k == 2) else token.text)
    return spell(tokens, words)


def _fixed(word: str, fresh: bool, before: str, grammar: Grammar | None, option: Option | None) -> bool:
    """Whether a word is one of the grammar's where it stands: an option's name, or one of the words it may be."""
    if grammar is None:
        return False
    if fresh:
        return word in grammar.options or any(word in o.words for o in grammar.options.values())
    return before == "=" and option is not None and word in option.words
