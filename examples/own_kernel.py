# SPDX-License-Identifier: Apache-2.0
"""A kernel of one's own: C++ to an overlay by one command, then PYNQ alone."""

import subprocess
import sys
import time
from pathlib import Path

from pynq import Overlay

folder = Path("build/examples/own_kernel")
folder.mkdir(parents=True, exist_ok=True)
(folder / "mean.cpp").write_text("void mean(int a, int b, int& result) { result = (a + b) / 2; }\n")
command = [sys.executable, "-m", "edgemoe", "synth", folder / "mean.cpp", "--top", "mean"]
subprocess.run([*command, "--overlay", folder / "overlay", "--json"], check=True, capture_output=True)

registers = Overlay(str(folder / "overlay" / "mean.bit")).mean_0.register_map
registers.a, registers.b = 30, 12
registers.CTRL.AP_START = 1
limit = time.monotonic() + 60
while not registers.CTRL.AP_DONE:
    if time.monotonic() > limit:
        sys.exit("the kernel does not answer")
print("the mean is", int(registers.result))
