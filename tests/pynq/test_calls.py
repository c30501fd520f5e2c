# SPDX-License-Identifier: Apache-2.0
"""Every call of the table in `calls.py`, in the release of PYNQ that is installed here."""

import ast
import asyncio
import builtins
import copy
import pickle
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgemoe import errors, sim

import pynq  # isort: skip - either may come first; here the simulated board does
import pynq.lib  # registers drivers once, so before a test looks which are there
from pynq.overlay import _hierarchy_drivers, _ip_drivers

sys.path.insert(0, str(Path(__file__).parent))
from calls import CALLS, PAGE, RELEASES, Call, Raises, page

ALL = [(area, call) for area, calls in CALLS.items() for call in calls]
# A call with one of these leaves another state behind than it found; after any other the overlay stays loaded.
CHANGES = re.compile(
    r"Overlay\(|Bitstream|Clocks|Device|PL\.|deep|download|reset|free|clear|dtbo|load_ip_data|class"
)
PUBLIC = (
    "Overlay",
    "Bitstream",
    "MMIO",
    "DefaultIP",
    "Interrupt",
    "Clocks",
    "Device",
    "PL",
    "GPIO",
    "Register",
)


_loaded: list[Any] = []


def loaded(bit: str) -> Any:
    """The overlay, loaded anew unless the call before left it as it was."""
    if not _loaded:
        _loaded.append(pynq.Overlay(bit))
    return _loaded[0]


@pytest.fixture
def names(overlays: Path, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """What the code of a call may use: a loaded overlay, its IP, a buffer, files. All of it new for each call."""
    bits = {
        name: str(overlays / name / f"{name}.bit")
        for name in ("copier", "copier_deep", "copier_zynq7", "dma")
    }
    (tmp_path / "words.bin").write_bytes(b"".join(i.to_bytes(4, "little") for i in range(0, 0x2C, 4)))
    (tmp_path / "copier.dtbo").write_bytes(b"")
    known = dict(_ip_drivers), tuple(_hierarchy_drivers)
    overlay = loaded(bits["copier"])
    ip, buffer = overlay.copier_0, pynq.allocate((4, 8), np.uint16)
    buffer[:] = np.arange(32).reshape(4, 8)
    for offset, value in ((0x04, 0), (0x08, 0), (0x10, 2), (0x14, 1), (0x28, 0x12345678)):
        ip.write(offset, value)
    ip.write(0x0C, ip.read(0x0C))
    ip.read(0x00)  # a done of before

    def begin() -> None:
        """Start a run of four beats inside the buffer, with interrupts."""
        for offset, value in (
            (0x10, buffer.device_address),
            (0x14, 0),
            (0x1C, buffer.device_address),
            (0x28, 4),
        ):
            ip.write(offset, value)
        buffer.flush()
        for offset in (0x04, 0x08, 0x00):
            ip.write(offset, 1)

    async def wait(interrupt: Any) -> None:
        while not ip.read(0) & 4:
            await asyncio.wait_for(interrupt.wait(), 60)

    class Deep(dict):
        """`deep`, the overlay with a hierarchy, is loaded when it is first named."""

        def __missing__(self, name: str) -> Any:
            if name != "deep":
                raise KeyError(name)
            self["deep"] = pynq.Overlay(bits["copier_deep"])
            return self["deep"]

    public = {name: getattr(pynq, name) for name in dir(pynq) if not name.startswith("_")}
    yield Deep(
        public
        | {"pynq": pynq, "np": np, "asyncio": asyncio, "copy": copy, "pickle": pickle, "Path": Path}
        | {"overlay": overlay, "ip": ip, "mmio": pynq.MMIO(0xA0000000, 0x100), "buffer": buffer}
        | {
            "bit": bits["copier"],
            "deep_bit": bits["copier_deep"],
            "zynq7_bit": bits["copier_zynq7"],
            "dma_bit": bits["dma"],
        }
        | {"words": str(tmp_path / "words.bin"), "dtbo": str(tmp_path / "copier.dtbo")}
        | {"begin": begin, "wait": wait, "release": pynq.__version__}
    )
    _ip_drivers.clear()
    _ip_drivers.update(known[0])
    _hierarchy_drivers.clear()
    _hierarchy_drivers.extend(known[1])
    sim.activate().devicetree_dict.clear()


def result(code: str, names: dict[str, Any]) -> Any:
    """Run the lines of `code`; the value of the last one, if it is an expression."""
    tree = ast.parse(code)
    last = tree.body[-1]
    if not isinstance(last, ast.Expr):
        exec(code, names)
        return None
    exec(compile(ast.Module(tree.body[:-1], []), "call", "exec"), names)
    return eval(compile(ast.Expression(last.value), "call", "eval"), names)


@pytest.mark.parametrize(("area", "call"), ALL, ids=[f"{a}-{i}" for i, (a, _) in enumerate(ALL)])
def test_call(names: dict[str, Any], area: str, call: Call) -> None:
    expected = call.of(pynq.__version__)
    if CHANGES.search(call.code) or area == "Interrupt":
        _loaded.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if isinstance(expected, Raises):
            kind = getattr(errors, expected.error, None) or getattr(builtins, expected.error, None)
            with pytest.raises(kind or asyncio.TimeoutError) as caught:
                result(call.code, names)
            assert expected.words in str(caught.value), call.code
            return
        names["_"] = result(call.code, names)
    assert eval(expected, names), f"{call.code} gave {names['_']!r}; expected {expected}"


def test_the_table_is_for_releases_that_are_tested() -> None:
    assert pynq.__version__ in RELEASES
    assert len(ALL) >= 80
    assert all(set(call.but) <= set(RELEASES) for _, call in ALL)
    assert len({call.code for _, call in ALL}) == len(ALL)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_member_is_in_the_table(name: str) -> None:
    """Of PYNQ's classes, in each release: a new member needs a row."""
    kind = getattr(pynq, name)
    members = {m for m in (*vars(kind), *vars(type(kind))) if not m.startswith("_") and m != "mro"}
    words = set(re.findall(r"\w+", "\n".join(call.code for _, call in ALL)))
    assert members <= words, members - words


def test_the_page_holds_the_table() -> None:
    assert page() == PAGE.read_text(), "run: python tests/pynq/calls.py"
