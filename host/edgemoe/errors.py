# SPDX-License-Identifier: Apache-2.0
"""What a command tells its user when it cannot go on, and the exit status that goes with it.

| status | meaning | raised as |
|---|---|---|
| 0 | done and bit-exact | |
| 1 | done, but a comparison failed | `MismatchError` |
| 2 | bad input or usage, or a part that is not built yet | `UserError`, `NotBuiltYetError` |
| 3 | the device failed or timed out | `DeviceError` |
| 70 | a fault of the program itself: a message with a file to report | anything else |
| 130 | interrupted | `KeyboardInterrupt` |

A message is one or a few sentences for the person at the terminal: what, where, expected, got, what to do. It can
always be printed: what a terminal or an encoding could not take, such as a lone surrogate from a damaged file or an
escape sequence in a file's name, is spelt as an escape. `edgemoe.faults` turns what is none of these into 70 and 130.
"""

SHOWN = 160  # characters of a damaged value that a message quotes


def printable(text: str) -> str:
    """The text with every character that can't be printed, but for line feeds and tabs, as an escape."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode("ascii") for c in text
    )


def shown(value: object) -> str:
    """A value from a damaged file for a message: on one line, quoted if it is a text, cut if it is long."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 256:
        return f"an integer of {value.bit_length()} bits"
    try:
        text = (
            (str(value).rstrip(".") or type(value).__name__) if isinstance(value, Exception) else repr(value)
        )
        text = printable(" ".join(text.split()))
    except (RecursionError, ValueError):  # a value that is nested too deeply, or holds a huge integer
        return f"a {type(value).__name__}"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


class EdgeMoeError(Exception):
    """Base of the errors that the command line prints without a traceback."""

    exit_status = 2

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


class MismatchError(EdgeMoeError):
    """A comparison of two back ends failed."""

    exit_status = 1


class UserError(EdgeMoeError):
    """The input or the usage is wrong; the message says how to put it right."""


class NotBuiltYetError(UserError):
    """A part that the documentation names but that does not exist yet."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not built yet.")


class DeviceError(EdgeMoeError):
    """The accelerator failed, reported an error code, or did not answer in time."""

    exit_status = 3
