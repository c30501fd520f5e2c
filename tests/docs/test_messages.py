# SPDX-License-Identifier: Apache-2.0
"""The page "When it goes wrong" has a row for every message, and no row for what is no message any more."""

import pytest
from messages import GAP, PAGE, all_messages, covers, of_source, rows


def test_every_message_has_a_row() -> None:
    known = rows()
    missing = [m for m in all_messages() if not any(covers(row, m.text) for row in known)]
    stubs = "\n".join(f"| `` {m.text} `` | cause | cure |  <- {m.place}" for m in missing)
    assert not missing, f"{PAGE.name} lacks rows; cause and cure of each:\n{stubs}"


def test_every_row_is_of_a_message() -> None:
    texts = [message.text for message in all_messages()]
    stale = [row for row in rows() if not any(covers(row, text) for text in texts)]
    assert not stale, "rows of no message; correct or remove them:\n" + "\n".join(stale)


def test_rows_say_something() -> None:
    """A row of gaps alone would cover everything."""
    assert not [row for row in rows() if sum(map(str.isalpha, row.replace(GAP, ""))) < 7]
    assert len(set(rows())) == len(rows())


def test_messages_are_found() -> None:
    source = """
def f(self, path, what):
    message = f"{path} has no end."
    if what:
        raise UserError(message)
    raise CompileError("file", 3, f"loop {what}" " never ends.") from None

def g(self):
    self._error(inst, "no number.")
    raise NotBuiltYetError(f"Board {name!r}")
"""
    assert [message.text for message in of_source(source, "sample.py")] == [
        "… has no end.",
        "loop … never ends.",
        "no number.",
        "Board … is not built yet.",
    ]


@pytest.mark.parametrize(
    ("row", "message", "holds"),
    [
        ("Image … does not exist", "Image … does not exist or is no file; give a PNG or JPEG.", True),
        ("does not exist … Image", "Image … does not exist or is no file; give a PNG or JPEG.", False),
        ("Image … is blue", "Image … does not exist", False),
    ],
)
def test_covering(row: str, message: str, holds: bool) -> None:
    assert covers(row, message) is holds
