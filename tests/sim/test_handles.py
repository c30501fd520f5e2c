# SPDX-License-Identifier: Apache-2.0
"""Objects that outlive the design they were made for: each says what happened, and none ends the interpreter."""

import asyncio
import copy
import ctypes
import gc
import inspect
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pynq
import pytest
from pynq import MMIO, Bitstream, Device, Overlay

from edgemoe import sim
from edgemoe.errors import DeviceError, UserError
from edgemoe.sim.arena import Arena
from edgemoe.sim.dram import DramConfig
from edgemoe.sim.verilate import VerilatedLibrary
from edgemoe.sim.verilated import VerilatedDesign

BASE = 0xA0000000
CALLS: dict[str, Callable[[VerilatedDesign], object]] = {
    "configure": lambda d: d.configure(DramConfig()),
    "reset": lambda d: d.reset(),
    "write": lambda d: d.write(0, 1),
    "read": lambda d: d.read(0),
    "run": lambda d: d.run(10),
    "advance": lambda d: d.advance(10),
    "streams": lambda d: d.streams,
    "mark_stale": lambda d: d.mark_stale(np.zeros(0, np.uint64), np.zeros(0, np.uint16)),
    "stale_read": lambda d: d.stale_read(),
    "written": lambda d: d.written(),
    "cycle": lambda d: d.cycle,
    "interrupt": lambda d: d.interrupt,
    "trace": lambda d: d.trace(None),
    "add_fault": lambda d: d.add_fault(0, 15),
    "clear_faults": lambda d: d.clear_faults(),
    "clear_counters": lambda d: d.clear_counters(),
    "counters": lambda d: d.counters(),
    "accesses": lambda d: d.accesses(d.arena.base, 64),
    "violations": lambda d: d.violations(),
    "diagnosis": lambda d: d.diagnosis(),
}


@pytest.fixture
def device() -> Iterator[sim.SimulatedDevice]:
    """The board with a short limit on waits; empty afterwards."""
    device = sim.activate()
    before, device.wait_limit = device.wait_limit, 50_000
    yield device
    device.wait_limit = before
    device.unload()


def copy_one(copier, value: int = 5) -> None:
    """A run of the copier from and to fresh buffers."""
    with pynq.allocate(64) as source, pynq.allocate(64) as destination:
        source[:] = value
        source.flush()
        copier.write(0x10, source.device_address)
        copier.write(0x1C, destination.device_address)
        copier.write(0x28, 16)
        copier.write(0x30, 1)
        copier.write(0x38, 0)
        copier.write(0x00, 1)
        while not copier.read(0x00) & 2:
            pass
        destination.invalidate()
        assert np.all(destination == value + 1)


def test_every_method_is_listed() -> None:
    """A new public method of the design needs a line in CALLS."""
    public = {name for name, _ in inspect.getmembers(VerilatedDesign) if not name.startswith("_")}
    assert public - {"attach", "close", "check_waves", "register_limit"} == set(CALLS)


@pytest.mark.parametrize("method", CALLS)
def test_a_closed_design_says_so(copier_library: VerilatedLibrary, arena: Arena, method: str) -> None:
    design = VerilatedDesign(copier_library.path, arena)
    CALLS[method](design)
    design.close()
    design.close()
    with pytest.raises(DeviceError, match="belongs to a design that was closed; take it anew"):
        CALLS[method](design)


def test_a_loaded_design_that_is_closed(device, copier_overlay: Path) -> None:
    """Reads, polls and waits by interrupt all say so; the next load is as good as new."""
    overlay = Overlay(str(copier_overlay))
    copier = overlay.copier_0
    device.design("copier_0").close()

    async def wait() -> None:
        await copier.interrupt.wait()
        copier.read(0)

    for use in (lambda: copier.read(0), lambda: copier.write(0, 1), lambda: asyncio.run(wait())):
        with pytest.raises(DeviceError, match="belongs to a design that was closed"):
            use()
    overlay.download()
    copy_one(copier)


@pytest.mark.parametrize("reload", ["download", "overlay", "bitstream"])
def test_what_is_kept_over_the_same_bitstream_works(device, copier_overlay: Path, reload: str) -> None:
    """Driver, MMIO, register map and buffers are addresses, as on a board; the design is a fresh one."""
    overlay = Overlay(str(copier_overlay))
    copier, mmio = overlay.copier_0, MMIO(BASE, 0x100)
    registers, design = copier.register_map, device.design("copier_0")
    copy_one(copier)
    copier.write(0x28, 77)
    {
        "download": overlay.download,
        "overlay": lambda: Overlay(str(copier_overlay)),
        "bitstream": lambda: Bitstream(str(copier_overlay)).download(),
    }[reload]()
    assert copier.read(0x28) == mmio.read(0x28) == int(registers.beats) == 0
    copy_one(copier)
    assert mmio.read(0x28) == 16
    with pytest.raises(DeviceError, match=r"a design that was replaced by copier\.bit; take it anew"):
        design.read(0)


def test_what_is_kept_over_another_bitstream_says_so(
    device, copier_overlay: Path, other_overlay: Path
) -> None:
    old = Overlay(str(copier_overlay))
    copier, mmio = old.copier_0, MMIO(BASE, 0x100)
    new = Overlay(str(other_overlay))
    assert not old.is_loaded() and new.is_loaded()
    for use in (lambda: copier.read(0), lambda: copier.register_map.CTRL.AP_DONE, lambda: mmio.write(0, 1)):
        with pytest.raises(DeviceError, match=r"answers at address 0xa0000000.* was replaced by other\.bit"):
            use()
    with pytest.raises(RuntimeError, match="not currently loaded"):
        _ = old.copier_0
    copy_one(new.copier_0)
    old.download()
    copy_one(copier)


def test_after_unload_everything_says_so(device, copier_overlay: Path) -> None:
    overlay = Overlay(str(copier_overlay))
    copier, mmio, buffer = overlay.copier_0, MMIO(BASE, 0x100), pynq.allocate(16)
    device.unload()
    device.unload()
    assert not overlay.is_loaded()
    for use in (lambda: copier.read(0), lambda: mmio.array[0], lambda: mmio.write(0, 1)):
        with pytest.raises(DeviceError, match="the design that answered there was unloaded"):
            use()
    with pytest.raises(UserError, match="no overlay is loaded"):
        device.design("copier_0")
    buffer.flush()  # memory is the board's, not the overlay's
    buffer.freebuffer()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda device, overlay: device.unload(), "was unloaded"),
        (lambda device, overlay: overlay.download(), "the wait for an interrupt went on"),
    ],
)
@pytest.mark.parametrize("during", [True, False])
def test_an_interrupt_kept_over_a_change(
    device, copier_overlay: Path, change, words: str, during: bool
) -> None:
    """Whoever waits, or waits afterwards, is woken and told; no one waits for ever."""
    overlay = Overlay(str(copier_overlay))
    copier = overlay.copier_0

    async def wait() -> None:
        while not copier.register_map.CTRL.AP_DONE:
            await copier.interrupt.wait()

    async def program() -> None:
        waiting = asyncio.create_task(wait())
        for _ in range(3 * during):
            await asyncio.sleep(0)
        change(device, overlay)
        await asyncio.wait_for(waiting, 30)

    with pytest.raises(DeviceError, match=words):
        asyncio.run(program())
    overlay = Overlay(str(copier_overlay))
    copy_one(overlay.copier_0)


def test_an_overlay_that_is_not_loaded_is_no_crash(device, copier_overlay: Path) -> None:
    device.unload()
    overlay = Overlay(str(copier_overlay), download=False)
    with pytest.raises(DeviceError, match="Nothing answers at address"):
        overlay.copier_0.read(0)
    overlay.download()
    assert overlay.is_loaded()
    copy_one(overlay.copier_0)


def test_pynq_s_other_ways(device, copier_overlay: Path) -> None:
    """What programs do with overlay, device and PL beside loading."""
    overlay = Overlay(str(copier_overlay))
    assert "copier_0" in pynq.PL.ip_dict and pynq.PL.bitfile_name == str(copier_overlay)
    assert pynq.PL.timestamp == overlay.timestamp
    overlay.reset()
    overlay.free()
    Device.active_device.reset()
    Device.active_device.shutdown()
    Device.active_device.clear_devicetree()
    assert overlay.is_loaded() and overlay.ip_dict["copier_0"]["phys_addr"] == BASE
    copy_one(overlay.copier_0)
    with pytest.raises(UserError, match="partial bitstream"):
        Bitstream(str(copier_overlay), partial=True).download()
    copy_one(overlay.copier_0)


def test_a_board_without_overlay_answers_pynq() -> None:
    code = "import edgemoe.sim, pynq; d = pynq.Device.active_device; d.reset(); print(pynq.PL.ip_dict, d.timestamp)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "{} None\n"), done.stderr


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / "overlay.json").unlink(), "overlay.json is missing"),
        (lambda folder: (folder / "overlay.json").write_text(""), "overlay.json is damaged"),
        (lambda folder: (folder / "overlay.json").write_text("[]"), "overlay.json is damaged"),
        (lambda folder: (folder / "overlay.json").write_text('{"simulations": {"x": 3}}'), "is damaged"),
        (lambda folder: (folder / "copier.hwh").write_text(""), "it is empty"),
        (lambda folder: (folder / "copier.hwh").unlink(), "There is no hardware description"),
        (lambda folder: _edit(folder, library="none.so"), "cannot be read"),
        (lambda folder: _edit(folder, sha256="0" * 64), "is damaged: its SHA-256"),
        (lambda folder: _cut(folder), "is damaged: its SHA-256"),
        (lambda folder: _replace(folder, b"no library"), "cannot be loaded"),
        (
            lambda folder: _replace(folder, Path(sys.modules["_ctypes"].__file__).read_bytes()),
            "no function sim_",
        ),
    ],
)
def test_a_damaged_overlay_leaves_the_loaded_one(
    device, copier_overlay: Path, tmp_path, damage, words
) -> None:
    """One message; what is loaded works on, and so does the next sound overlay."""
    good = Overlay(str(copier_overlay))
    shutil.copytree(copier_overlay.parent, tmp_path / "bad")
    library = (
        copier_overlay.parent
        / json.loads((tmp_path / "bad/overlay.json").read_text())["simulations"]["copier_0"]["library"]
    )
    shutil.copy(library, tmp_path / "bad" / "simulation.so")
    _edit(tmp_path / "bad", library="simulation.so")
    damage(tmp_path / "bad")
    with pytest.raises((UserError, DeviceError), match=words):
        Overlay(str(tmp_path / "bad" / "copier.bit"))
    assert good.is_loaded() and pynq.PL.bitfile_name == str(copier_overlay)
    copy_one(good.copier_0)


def _edit(folder: Path, **entry: str) -> None:
    path = folder / "overlay.json"
    manifest = json.loads(path.read_text())
    manifest["simulations"]["copier_0"].update(entry)
    path.write_text(json.dumps(manifest))


def _cut(folder: Path) -> None:
    library = folder / "simulation.so"
    library.write_bytes(library.read_bytes()[:4096])


def _replace(folder: Path, content: bytes) -> None:
    """Another file in the library's place, with the right sum."""
    import hashlib

    (folder / "simulation.so").write_bytes(content)
    _edit(folder, sha256=hashlib.sha256(content).hexdigest())


def test_no_memory_for_a_model(copier_library: VerilatedLibrary, arena: Arena, monkeypatch) -> None:
    """`sim_create` gives null: an error, and no call with it."""
    from edgemoe.sim import library

    class NoMemory:
        sim_create = staticmethod(lambda *_: None)

    monkeypatch.setattr(library, "load_library", lambda path: NoMemory())
    with pytest.raises(DeviceError, match="not enough memory"):
        VerilatedDesign(copier_library.path, arena)


def test_threads_share_a_design(device, copier_overlay: Path) -> None:
    """Two threads in one model at a time would corrupt it; one that closes it stops the others in words."""
    Overlay(str(copier_overlay))
    design, ends = device.design("copier_0"), []

    def poll() -> None:
        try:
            while True:
                design.run(2000)
                assert design.read(0x28) in (0, 3)
                design.write(0x28, 3)
                design.counters()
        except DeviceError as error:
            ends.append(str(error))

    threads = [threading.Thread(target=poll) for _ in range(4)]
    for thread in threads:
        thread.start()
    threading.Event().wait(0.3)
    device.unload()
    for thread in threads:
        thread.join(30)
    assert len(ends) == 4 and all("was unloaded" in end for end in ends)


def test_threads_that_load_at_once(device, copier_overlay: Path, other_overlay: Path) -> None:
    """One after the other; what the last one loaded is whole."""
    failures: list[str] = []

    def load(path: Path) -> None:
        for _ in range(15):
            try:
                Bitstream(str(path)).download()
            except Exception as error:
                failures.append(repr(error))

    threads = [threading.Thread(target=load, args=(path,)) for path in (copier_overlay, other_overlay) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    copy_one(Overlay(str(copier_overlay)).copier_0)


def test_a_fork_is_told_and_changes_nothing(device, copier_overlay: Path) -> None:
    """The child's copy of the design would go its own way; it can load the overlay itself."""
    copier = Overlay(str(copier_overlay)).copier_0
    buffer = pynq.allocate(16, cacheable=False)
    buffer[:] = 1
    child = os.fork()
    if child == 0:
        status = 1
        try:
            try:
                copier.read(0)
            except DeviceError as error:
                buffer[:] = 2
                copy_one(Overlay(str(copier_overlay)).copier_0)
                status = 0 if "fork" in str(error) else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert np.all(buffer == 1)
    copy_one(copier)


def test_a_fork_waits_for_loading_threads(device, copier_overlay: Path) -> None:
    """A lock that another thread held would be held in the child for ever, by no one."""
    Overlay(str(copier_overlay))
    for lock in (device._loading, device.arena.lock):
        held, child = threading.Event(), 0

        def hold(lock=lock, held=held) -> None:
            with lock:
                held.set()
                threading.Event().wait(0.3)

        thread = threading.Thread(target=hold)
        thread.start()
        held.wait()
        if (child := os.fork()) == 0:
            signal.alarm(30)
            status = 1
            try:
                copy_one(Overlay(str(copier_overlay)).copier_0)
                status = 0
            finally:
                os._exit(status)
        thread.join()
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_drivers_stay_in_their_process(device, copier_overlay: Path) -> None:
    """As arguments of `multiprocessing`, or copied as a whole."""
    copier = Overlay(str(copier_overlay)).copier_0
    for use in (copy.deepcopy, pickle.dumps):
        for handle in (copier, copier.mmio, device):
            with pytest.raises(TypeError, match="Load the overlay in the process that uses it"):
                use(handle)


EXITS = """
import sys, threading, time
import pynq, edgemoe.sim
overlay = pynq.Overlay(sys.argv[1])
copier, mmio = overlay.copier_0, pynq.MMIO(0xA0000000, 64)
buffers = [pynq.allocate(1000) for _ in range(5)]
view = buffers[0][3:]
def spin():
    while True:
        mmio.read(0)
threading.Thread(target=spin, daemon=True).start()
time.sleep(0.1)
cycle = [copier, buffers]; cycle.append(cycle)
{last}
"""


@pytest.mark.parametrize(
    "last", ["", "del overlay, copier", "edgemoe.sim.activate().unload()", "sys.exit(0)"]
)
def test_a_program_ends_without_a_word(copier_overlay: Path, last: str) -> None:
    """Whatever order things are dropped in, with a thread that still polls."""
    code = EXITS.replace("{last}", last)
    command = [sys.executable, "-c", code, str(copier_overlay)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "" or "unload" in last  # the thread's own error is then on its way


def test_a_dropped_design_is_freed(copier_library: VerilatedLibrary, arena: Arena) -> None:
    design = VerilatedDesign(copier_library.path, arena)
    finalizer = design._finalizer
    del design
    gc.collect()
    assert not finalizer.alive


def test_a_reset_has_sensible_lengths(copier_library: VerilatedLibrary, arena: Arena) -> None:
    """A length that C would read as 2^64 - 1 is refused."""
    with VerilatedDesign(copier_library.path, arena) as design:
        for cycles in (-1, 0, 1 << 40):
            with pytest.raises(UserError, match="A reset takes"):
                design.reset(cycles)
        assert design.run(-5) == 0
        with pytest.raises(DeviceError, match="outside"):
            design.accesses(0, 16)
        with pytest.raises(ctypes.ArgumentError):
            design.read("CTRL")  # type: ignore[arg-type]
