# SPDX-License-Identifier: Apache-2.0
"""Installs a lock file into the environment of this interpreter, and tells how far it is.

usage: install.py LOCK

pip is silent for minutes where there is no terminal; this prints a line every few seconds. Only the standard
library is there yet.
"""

import re
import subprocess
import sys
import time
from pathlib import Path

EVERY_SECONDS = 5
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==", re.MULTILINE)


def main(lock: Path) -> int:
    """Exit status of pip; what it had to say is shown if it fails."""
    packages = {name.lower() for name in PINNED.findall(lock.read_text())}
    started = told = time.monotonic()
    print(f"installing {len(packages)} packages of {lock} into {sys.prefix}", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "pip", "install", "--progress-bar", "off", "-r", str(lock)]
    seen: set[str] = set()
    said: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        for line in pip.stdout or ():
            said.append(line)
            if match := re.match(r"(?:Collecting|Requirement already satisfied:) ([A-Za-z0-9._-]+)", line):
                seen.add(match[1].lower())
            phase = f"{len(seen & packages)} of {len(packages)} packages fetched"
            if line.startswith("Installing collected"):
                phase = "unpacking, the longest part"
            if time.monotonic() - told > EVERY_SECONDS or line.startswith("Installing collected"):
                told = time.monotonic()
                print(f"  {phase}, {told - started:.0f} s", file=sys.stderr, flush=True)
    if pip.returncode:
        print("".join(said[-30:]), file=sys.stderr)
        print(f"pip could not install {lock}; the lines above say why.", file=sys.stderr)
    else:
        print(f"  installed in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return pip.returncode


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    sys.exit(main(Path(sys.argv[1])))
