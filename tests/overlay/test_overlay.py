# SPDX-License-Identifier: Apache-2.0
"""Overlays of `edgemoe synth`, moved elsewhere and used by programs that know PYNQ only."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edgemoe import cli

KERNELS = Path(__file__).parent / "kernels.cpp"
PROGRAM = """
import asyncio, random, sys
import numpy as np
from pynq import Overlay, allocate

overlay = Overlay(sys.argv[1])

rng = random.Random(1)
def start(ip, count):
    source, target = allocate(count, np.uint8), allocate(count * 128, np.uint8)
    source[:] = [rng.randrange(256) for _ in range(count)]
    source.flush()
    gain = rng.getrandbits(40)
    for name, value in (("in", source.device_address), ("out", target.device_address), ("gain", gain)):
        setattr(ip.register_map, f"{name}_1", value & 0xFFFFFFFF)
        setattr(ip.register_map, f"{name}_2", value >> 32)
    ip.register_map.count = count
    return source, target, gain

def check(ip, source, target, gain):
    target.invalidate()
    wide = target.reshape(-1, 128)
    expected = [int(v) * gain for v in source]
    assert [int.from_bytes(bytes(row), "little") for row in wide] == expected
    total = ip.register_map.sum_1.sum | ip.register_map.sum_2.sum << 32
    assert int(total) == sum(expected) % (1 << 64)

first, second = start(overlay.widen_0, 100), start(overlay.widen_1, 300)  # both at once
overlay.widen_0.register_map.CTRL.AP_START = 1
overlay.widen_1.register_map.CTRL.AP_START = 1
for ip in (overlay.widen_0, overlay.widen_1):
    while not ip.register_map.CTRL.AP_DONE:
        pass
check(overlay.widen_0, *first)
check(overlay.widen_1, *second)

async def by_interrupt(ip):
    ip.register_map.GIER = 1
    ip.register_map.IP_IER = 1
    ip.register_map.CTRL.AP_START = 1
    while not ip.register_map.CTRL.AP_DONE:
        await ip.interrupt.wait()
    ip.register_map.IP_ISR = 1

async def both():
    await asyncio.gather(by_interrupt(overlay.widen_1), by_interrupt(overlay.widen_0))
first, second = start(overlay.widen_0, 17), start(overlay.widen_1, 5)
asyncio.get_event_loop().run_until_complete(both())
check(overlay.widen_0, *first)
check(overlay.widen_1, *second)

overlay.reg_0.register_map.a = 41
overlay.reg_0.register_map.CTRL.AP_START = 1
while not overlay.reg_0.register_map.CTRL.AP_DONE:
    pass
assert overlay.reg_0.register_map.b.b == 42
print("all right")
"""


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *map(str, command)], capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_several_kernels_in_one_overlay(tmp_path: Path) -> None:
    made, moved = tmp_path / "made", tmp_path / "moved and ünicode"
    tops = [f"--top={top}" for top in ("widen", "widen", "reg")]
    assert cli.run(["synth", str(KERNELS), *tops, "--overlay", str(made)]) == 0
    shutil.move(made, moved)
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    done = run("-m", "edgemoe.sim", program, moved / "widen.bit")
    assert (done.returncode, done.stdout) == (0, "all right\n"), done.stderr
    # Without waves in the build, and said so.
    done = run(
        "-m", "edgemoe.sim", "--waves", tmp_path / "waves.fst", "--of", "reg_0", program, moved / "widen.bit"
    )
    assert done.returncode == 3 and "--waves" in done.stderr, done.stderr
    (moved / "simulation" / "reg.so").write_bytes(b"cut off")
    done = run("-m", "edgemoe.sim", program, moved / "widen.bit")
    assert done.returncode == 3 and "damaged" in done.stderr and "edgemoe synth" in done.stderr


@pytest.mark.slow
def test_waves_on_request(tmp_path: Path) -> None:
    program, folder, waves = tmp_path / "program.py", tmp_path / "overlay", tmp_path / "waves.fst"
    assert cli.run(["synth", str(KERNELS), "--top", "reg", "--waves", "--overlay", str(folder)]) == 0
    program.write_text(
        "import sys\nfrom pynq import Overlay\nip = Overlay(sys.argv[1]).reg_0\nip.write(0x10, 6)\n"
        "ip.write(0, 1)\nwhile not ip.read(0) & 2: pass\nprint(ip.read(0x18))\n"
    )
    done = run("-m", "edgemoe.sim", "--waves", waves, program, folder / "reg.bit")
    assert (done.returncode, done.stdout) == (0, "7\n"), done.stderr
    assert waves.stat().st_size > 500
