# SPDX-License-Identifier: Apache-2.0
"""What a command tells its user when it cannot go on, and the exit status that goes with it.

| status | meaning | raised as |
|---|---|---|
| 0 | done and bit-exact | |
| 1 | done, but a comparison failed | `MismatchError` |
| 2 | bad input or usage, or a part that is not built yet | `UserError`, `NotBuiltYetError` |
| 3 | the device failed or timed out | `DeviceError` |

A message is one or a few sentences for the person at the terminal: what, where, expected, got, what to do.
A defect of the program itself is none of these; it keeps its traceback.
"""


class EdgeMoeError(Exception):
    """Base of the errors that the command line prints without a traceback."""

    exit_status = 2


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
