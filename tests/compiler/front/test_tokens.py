# SPDX-License-Identifier: Apache-2.0
"""C++ tokens: where each begins, what joins lines, and what only looks like a directive, a comment or a string."""

from __future__ import annotations

import pytest

from edgemoe.compiler.frontend.source.tokens import Kind, lex

W, N, S, P, D = Kind.WORD, Kind.NUMBER, Kind.STRING, Kind.PUNCTUATION, Kind.DIRECTIVE

CASES = {
    "a\n   #pragma HLS x\n\t# y": [(W, "a"), (D, "#pragma HLS x"), (D, "# y")],
    "#a \\\n b\nc": [(D, "#a \\\n b"), (W, "c")],
    "a #b": [(W, "a"), (P, "#"), (W, "b")],
    "/* c */ #d\n/* e\n */ # f": [(D, "#d"), (D, "# f")],
    "/* a */ x /* b */ #c": [(W, "x"), (P, "#"), (W, "c")],
    "a /* x\n */ # y": [(W, "a"), (P, "#"), (W, "y")],
    "a // b \\\n c\nd": [(W, "a"), (W, "d")],
    "a /* open": [(W, "a")],
    "/** b **/ c": [(W, "c")],
    '"a\\"b" x': [(S, '"a\\"b"'), (W, "x")],
    "u8\"a\" L'b' '\\''": [(S, 'u8"a"'), (S, "L'b'"), (S, "'\\''")],
    'R"(a"#b)" c': [(S, 'R"(a"#b)"'), (W, "c")],
    'R"xy(a)")xy" b': [(S, 'R"xy(a)")xy"'), (W, "b")],
    'fooR"x"': [(W, "fooR"), (S, '"x"')],
    '"// a" /* " */ b': [(S, '"// a"'), (W, "b")],
    "1'000 0x1'fF .5f 1e+5 1p-3 0x1e+5": [
        (N, "1'000"), (N, "0x1'fF"), (N, ".5f"), (N, "1e+5"), (N, "1p-3"), (N, "0x1e"), (P, "+"), (N, "5"),
    ],
    "a<=b::c->d&&e||f==g!=h>=i": [
        (W, "a"), (P, "<="), (W, "b"), (P, "::"), (W, "c"), (P, "->"), (W, "d"), (P, "&&"), (W, "e"), (P, "||"),
        (W, "f"), (P, "=="), (W, "g"), (P, "!="), (W, "h"), (P, ">="), (W, "i"),
    ],
    "a<<b...$c é_1": [
        (W, "a"), (P, "<"), (P, "<"), (W, "b"), (P, "."), (P, "."), (P, "."), (W, "$c"), (W, "é_1"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("text", CASES)
def test_tokens_and_their_places(text: str) -> None:
    found = lex(text)
    assert [(token.kind, token.text) for token in found] == CASES[text]
    assert all(text.startswith(token.text, token.at) for token in found)
