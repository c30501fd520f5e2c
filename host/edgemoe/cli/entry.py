# SPDX-License-Identifier: Apache-2.0
"""From arguments to an exit status; every exception ends here."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Sequence

import click

from edgemoe import caches, faults
from edgemoe.cli.group import Escaped, commands

NAME = "edgemoe"


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status; messages for the user go to stderr, without a traceback."""
    try:
        status = commands.main(list(arguments), prog_name=NAME, standalone_mode=False)
    except click.Abort:
        return faults.told(KeyboardInterrupt(), NAME)
    except click.ClickException as error:
        error.show()
        return 2
    except Escaped as escaped:
        return faults.told(escaped.error, NAME)
    except (Exception, KeyboardInterrupt) as error:
        return faults.told(error, NAME)
    return status if isinstance(status, int) else 0


def main() -> None:
    """Entry point of the `edgemoe` script."""
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal can't show must not end a run.
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    # `edgemoe inspect … | head` ends quietly, as other tools do.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    caches.keep_inside()
    sys.exit(run(sys.argv[1:]))
