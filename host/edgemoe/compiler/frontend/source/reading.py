# SPDX-License-Identifier: Apache-2.0
"""One ``#pragma HLS`` line, read by the grammar's table; and its record, once clang has evaluated its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.source.grammar import GRAMMAR
from edgemoe.compiler.frontend.source.options import Grammar, Option, Value
from edgemoe.compiler.frontend.source.pragmas import (
    Dependence,
    Inline,
    Interface,
    LoopTripcount,
    Pipeline,
    Pragma,
    Unroll,
)
from edgemoe.compiler.frontend.source.tokens import Kind, Token, lex, spell
from edgemoe.compiler.ir import Loc

#: Words that go on to an operand, as an operator does.
_PREFIXES = frozenset({"sizeof", "alignof", "new", "typename", "const", "unsigned", "signed"})
_MOST = 2**31 - 1  #: LLVM's notes and the marks hold 32 bits
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


@dataclass(slots=True)
class Written:
    """A pragma as it stands in the source. Numbers are C++ that clang has yet to evaluate."""

    kind: str  #: in lower case
    loc: Loc
    grammar: Grammar
    settled: dict[str, object] = field(default_factory=dict)  #: values by the record's field
    numbers: list[tuple[str, str]] = field(default_factory=list)  #: option, C++
    variable: str = ""  #: C++
    texts: list[tuple[str, str]] = field(
        default_factory=list
    )  #: the options of an INTERFACE that are no numbers
    off: bool = False
    whole: bool = False  #: a partition is complete
    notes: list[str] = field(default_factory=list)  #: what is not used, and why

    @property
    def name(self) -> str:
        """As messages have it."""
        return self.kind.upper()

    def error(self, message: str) -> CompileError:
        return CompileError(self.loc.file, self.loc.line, message)

    def record(self, values: Sequence[int]) -> Pragma:
        """The typed record; ``values`` are those of :attr:`numbers`.

        Raises: CompileError for numbers that make no sense.
        """
        fields: dict[str, Any] = dict(self.settled)
        options = list(self.texts)
        for (key, _), value in zip(self.numbers, values, strict=True):
            option = self.grammar.options[key]
            if option.least is not None and value < option.least:
                raise self.error(f"{key}={value} of the pragma HLS {self.name} is less than {option.least}.")
            if value > _MOST:
                raise self.error(f"{key}={value} of the pragma HLS {self.name} is more than {_MOST}.")
            if option.field == "options":
                options.append((key, str(value)))
            elif option.field:
                fields[option.field] = value
        if self.grammar.record is Interface:
            fields["options"] = tuple(options)
        least, most = (fields.pop(key, None) for key in ("least", "most"))
        if least is not None and most is not None and least > most:
            raise self.error(f"min={least} of the pragma HLS {self.name} is more than max={most}.")
        if self.grammar.record is LoopTripcount:
            fields |= {"least": least, "most": most}
        return self.grammar.record(**fields)


def read_pragma(text: str, loc: Loc) -> Written | None:
    """The pragma of a directive's line; None if it is none of HLS.

    Raises: CompileError for a pragma, option or word that is not known, or a value that an option cannot have.
    """
    tokens = lex(text.lstrip().removeprefix("#").replace("\\\n", " "))
    words = [token.text.lower() for token in tokens[:2]]
    if words == ["pragma", "ap"]:
        raise CompileError(
            loc.file, loc.line, "the pragma AP is the old name of the pragma HLS; write #pragma HLS."
        )
    if words != ["pragma", "hls"]:
        return None
    if len(tokens) < 3:
        raise CompileError(loc.file, loc.line, "the pragma HLS says nothing.")
    kind = tokens[2].text.lower()
    grammar = GRAMMAR.get(kind)
    if grammar is None:
        known = ", ".join(sorted(GRAMMAR)).upper()
        raise CompileError(
            loc.file,
            loc.line,
            f"the pragma HLS {kind.upper()} is not known to this compiler; it knows {known}.",
        )
    return _Reader(Written(kind, loc, grammar), tokens[3:]).read()


class _Reader:
    """Reads the options of one pragma."""

    def __init__(self, written: Written, tokens: list[Token]) -> None:
        self.written, self.grammar, self.tokens = written, written.grammar, tokens
        self.at = 0
        self.seen: set[str] = set()

    def read(self) -> Written:
        written = self.written
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            if token.kind is not Kind.WORD:
                raise written.error(
                    f"'{token.text}' in the pragma HLS {written.name} is no option; {self._known()}."
                )
            self.at += 1
            if self.at < len(self.tokens) and self.tokens[self.at].text == "=":
                self.at += 1
                self._keyword(token.text)
            else:
                self._word(token.text)
        for key in self.grammar.needs:
            if key not in self.seen:
                raise written.error(f"the pragma HLS {written.name} needs {key}=.")
        if self.grammar.unused and not written.off:
            written.notes = [f"the pragma HLS {written.name} is not used: {self.grammar.unused}."]
        if self.grammar.refused:
            raise written.error(f"the pragma HLS {written.name} is not built: {self.grammar.refused}.")
        complaint = _contradiction(written, self.seen)
        if complaint:
            raise written.error(complaint)
        return written

    def _known(self) -> str:
        if not self.grammar.options:
            return "it has none"
        return f"it has {', '.join(self.grammar.options)}"

    def _keyword(self, spelled: str) -> None:
        """``key=value``."""
        key = spelled.lower()
        option = self.grammar.options.get(key)
        if option is None:
            raise self.written.error(
                f"'{spelled}=' is no option of the pragma HLS {self.written.name}; {self._known()}."
            )
        value = self._expression()
        if not value:
            raise self.written.error(
                f"'{spelled}=' of the pragma HLS {self.written.name} has no value: it takes {self._takes(option)}."
            )
        self._set(key, option, value)

    def _word(self, spelled: str) -> None:
        """A word that stands alone: a flag, or the value of an option that is known by its words."""
        word, options = spelled.lower(), self.grammar.options
        if word in options and options[word].value is Value.FLAG:
            return self._set(word, options[word], "true")
        for key, option in options.items():
            if word in option.words:
                return self._set(key, option, word)
        if self.grammar.free_word and self.grammar.free_word not in self.seen:
            key = self.grammar.free_word
            return self._set(key, options[key], spelled)
        if word in options:
            raise self.written.error(
                f"'{spelled}' of the pragma HLS {self.written.name} needs a value: {self._takes(options[word])}."
            )
        words = [w for option in options.values() for w in option.words]
        alone = f"; words that stand alone are {', '.join(words)}" if words else ""
        raise self.written.error(
            f"'{spelled}' is no option of the pragma HLS {self.written.name}; {self._known()}{alone}."
        )

    @staticmethod
    def _takes(option: Option) -> str:
        return " or ".join(option.words) if option.words else option.value.value

    def _set(self, key: str, option: Option, value: str) -> None:
        written = self.written
        if key in self.seen:
            raise written.error(f"'{key}' of the pragma HLS {written.name} is given twice.")
        self.seen.add(key)
        if refused := option.refused.get("") or option.refused.get(value.lower()):
            raise written.error(f"the pragma HLS {written.name}: {refused}.")
        on = True
        if option.words:
            if value.lower() not in option.words:
                raise written.error(
                    f"'{key}={value}' of the pragma HLS {written.name} is none of {', '.join(option.words)}."
                )
            written.whole |= value.lower() == "complete"
            if option.field:
                written.settled[option.field] = option.words[value.lower()]
        elif option.value is Value.FLAG:
            if value.lower() not in _BOOLEANS:
                raise written.error(
                    f"'{key}={value}' of the pragma HLS {written.name} is neither true nor false."
                )
            on = _BOOLEANS[value.lower()]
            written.off |= on and key == "off"
            if option.field == "options":
                written.texts.append((key, "" if on else "off"))
            elif option.field:
                written.settled[option.field] = on
        elif option.value is Value.NUMBER:
            written.numbers.append((key, value))
        elif option.value is Value.VARIABLE:
            written.variable = value
        elif option.field == "options":
            written.texts.append((key, value))
        elif option.field:
            written.settled[option.field] = value.lower() if key == "mode" else value
        if option.unused and on and value.lower() not in option.done:
            written.notes.append(f"{key} of the pragma HLS {written.name} is not used: {option.unused}.")

    def _expression(self) -> str:
        """The C++ up to where another operand starts without an operator before it."""
        parts: list[Token] = []
        complete = False
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            following = self.tokens[self.at + 1].text if self.at + 1 < len(self.tokens) else ""
            if token.operand and (complete or (parts and following == "=")):
                break
            if token.text in _BRACKETS:
                parts += self._group()
                complete = True
                continue
            parts.append(token)
            complete = token.operand and token.text not in _PREFIXES
            self.at += 1
        return spell(parts)

    def _group(self) -> list[Token]:
        """The tokens from an opening bracket to its end."""
        parts, open_ = [], []
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            parts.append(token)
            self.at += 1
            if token.text in _BRACKETS:
                open_.append(_BRACKETS[token.text])
            elif open_ and token.text == open_[-1]:
                open_.pop()
                if not open_:
                    return parts
        raise self.written.error(f"a bracket of the pragma HLS {self.written.name} is not closed.")


def _contradiction(written: Written, seen: set[str]) -> str:
    """What two options of a pragma cannot say together, "" if all is well."""
    record = written.grammar.record
    settled = written.settled
    if record in (Pipeline, Unroll) and written.off and seen & {"ii", "factor", "rewind", "skip_exit_check"}:
        return f"'off' of the pragma HLS {written.name} contradicts its other options."
    if record is Dependence:
        if settled.get("dependent") is False and "distance" in seen:
            return "the pragma HLS DEPENDENCE has a distance and says that there is no dependence; keep one of them."
        if settled.get("inter") is False and "distance" in seen:
            return "a distance counts iterations: the pragma HLS DEPENDENCE needs inter with it, not intra."
        if "distance" not in seen and settled.get("dependent") is not False:
            written.notes.append(
                "the pragma HLS DEPENDENCE promises nothing and is not used: write false, or distance= with a number."
            )
    if written.kind in ("array_partition", "array_reshape"):
        return _bad_partition(written, seen)
    if record is Inline and written.off and seen & {"recursive", "region", "on"}:
        return "'off' of the pragma HLS INLINE contradicts its other options."
    return ""


def _bad_partition(written: Written, seen: set[str]) -> str:
    """A cyclic or block partition needs its factor; a complete one has no use for it."""
    whole = not seen & {"type"} or written.whole
    if not whole and "factor" not in seen:
        return f"a cyclic or block {written.name} needs factor=, the number of banks."
    if whole and "factor" in seen:
        written.notes.append(
            f"factor of the pragma HLS {written.name} is not used: every element is by itself."
        )
    return ""
