# SPDX-License-Identifier: Apache-2.0
"""From arguments to an exit status; every exception ends here."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from edgemoe import caches, faults

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that end a run in good order: its tools end with it, its partial files go."""
NAME = "edgemoe"


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status; messages for the user go to stderr, without a traceback."""
    try:
        return _command(arguments)
    except (Exception, KeyboardInterrupt) as error:
        return faults.told(error, NAME)


def _command(arguments: Sequence[str]) -> int:
    # Imported here, so that an interruption meanwhile ends as any other.
    import click

    from edgemoe.cli.group import Escaped, commands

    try:
        status = commands.main(list(arguments), prog_name=NAME, standalone_mode=False)
    except click.Abort:
        raise KeyboardInterrupt from None
    except click.ClickException as error:
        error.show()
        return 2
    except Escaped as escaped:
        return faults.told(escaped.error, NAME)
    sys.stdout.flush()  # what can't be printed is told here, not by the interpreter at its end
    return status if isinstance(status, int) else 0


def main() -> None:
    """Entry point of the `edgemoe` script."""
    for ending in ENDINGS:
        if signal.getsignal(ending) != signal.SIG_IGN:  # as `nohup` has it
            signal.signal(ending, signal.default_int_handler)
    try:
        _open_streams()
        # `edgemoe inspect … | head` ends quietly, as other tools do.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        caches.keep_inside()
        status = run(sys.argv[1:])
    except KeyboardInterrupt as error:
        status = faults.told(error, NAME)
    for ending in ENDINGS:  # what is left is to remove temporary files
        signal.signal(ending, signal.SIG_IGN)
    sys.exit(status)


def _open_streams() -> None:
    """Streams that can always be written to.

    A stream that the caller closed leads nowhere, lest the next file that is opened has its number and gets what
    somebody prints; a name that a terminal can't show must not end a run.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115, as long as we live
        with contextlib.suppress(AttributeError):
            getattr(sys, name).reconfigure(errors="backslashreplace")
