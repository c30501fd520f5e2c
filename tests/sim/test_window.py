# SPDX-License-Identifier: Apache-2.0
"""`MMIO.array`: whatever one does with a NumPy array of registers on a board gives the same here."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pynq.registers import Register

from edgemoe.sim.window import RegisterWindow

BASE = 0xA0000000
WORDS = 8


class Words:
    """A bus with plain storage that remembers what was accessed."""

    def __init__(self) -> None:
        self.values = [3 * i + 0x100 for i in range(WORDS)]
        self.log: list[tuple[str, int]] = []

    def read(self, address: int) -> int:
        self.log.append(("read", address - BASE))
        return self.values[(address - BASE) // 4]

    def write(self, address: int, value: int) -> None:
        self.log.append(("write", address - BASE))
        self.values[(address - BASE) // 4] = value


@pytest.fixture
def bus() -> Words:
    return Words()


@pytest.fixture
def window(bus: Words) -> RegisterWindow:
    return RegisterWindow(bus, BASE, WORDS)


def _set(index: Any, value: Any) -> Callable[[Any], Any]:
    def change(a: Any) -> None:
        a[index] = value

    return change


def _or(index: Any, value: Any) -> Callable[[Any], Any]:
    def change(a: Any) -> None:
        a[index] |= value

    return change


def _in_place(a: Any) -> None:
    a += 3
    a &= 0xFF


READS: list[Callable[[Any], Any]] = [
    lambda a: a + 1,
    lambda a: 1 + a,
    lambda a: a - a[2],
    lambda a: a & 0xF,
    lambda a: 0xF | a,
    lambda a: a ^ a,
    lambda a: ~a,
    lambda a: -a,
    lambda a: a << 2,
    lambda a: a >> 1,
    lambda a: a * 2.5,
    lambda a: a / 3,
    lambda a: a // 3,
    lambda a: a % 5,
    lambda a: a**2,
    lambda a: divmod(a, 7),
    lambda a: a == 0x103,
    lambda a: a != a[0],
    lambda a: (a > 0x104) & (a <= 0x10C),
    lambda a: a @ a,
    lambda a: np.arange(WORDS) + a,
    lambda a: np.asarray(a),
    lambda a: np.array(a, dtype=np.int64),
    lambda a: np.add.reduce(a),
    lambda a: np.maximum(a, 0x108),
    lambda a: np.sum(a),
    lambda a: np.concatenate([a, a]),
    lambda a: np.array_equal(a, a),
    lambda a: np.where(a > 0x105, a, 0),
    lambda a: a.sum(),
    lambda a: a.max() - a.min(),
    lambda a: a.mean(),
    lambda a: a.any() and a.all(),
    lambda a: a.tolist(),
    lambda a: a.tobytes(),
    lambda a: a.astype(np.uint8),
    lambda a: a.copy(),
    lambda a: a.argmax(),
    lambda a: list(a),
    lambda a: [int(x) for x in reversed(a)],
    lambda a: 0x103 in a,
    lambda a: sorted(a),
    lambda a: (a.dtype, a.shape, a.size, a.nbytes, a.ndim, a.itemsize, a.strides, len(a)),
    lambda a: a[3],
    lambda a: a[-1],
    lambda a: a[np.int64(2)],
    lambda a: a[2:5],
    lambda a: a[::2],
    lambda a: a[::-1],
    lambda a: a[6:2:-2][1],
    lambda a: a[...],
    lambda a: a[[1, 5, 1]],
    lambda a: a[np.array([[0, 1], [2, 3]])],
    lambda a: a[np.arange(WORDS) > 5],
    lambda a: a[2:6][1:3] + 1,
    lambda a: a[2:2],
    lambda a: a.view("u8"),
    lambda a: a.view("u8")[1:3] >> 32,
    lambda a: a.view(np.int32),
    lambda a: a.view("f4")[0],
    lambda a: a.T,
    lambda a: a[2:3].item(),
    lambda a: bool(a[2:3]),
    lambda a: f"{a[1]:#x}",
]
WRITES: list[Callable[[Any], Any]] = [
    _set(1, 7),
    _set(-1, np.uint32(9)),
    _set(2, True),
    _set(slice(0, 4), 5),
    _set(slice(0, 4), [1, 2, 3, 4]),
    _set(slice(None, None, 3), 6),
    _set(slice(None, None, -1), range(WORDS)),
    _set(..., 1),
    _set([0, 3], [8, 9]),
    _set(np.arange(WORDS) % 2 == 0, 0),
    _or(3, 4),
    _or(slice(2, 4), 1),
    _in_place,
    lambda a: a.fill(3),
    lambda a: a[1:5].__setitem__(slice(None), a[0:4]),
    lambda a: a.view("u8").__setitem__(1, 0x1_0000_0002),
    lambda a: a.view("f4").__setitem__(0, 1.5),
    lambda a: a.view("i4").__setitem__(0, -2),
    lambda a: np.add(a, 1, out=a) is a or None,
    lambda a: np.add.at(a, [1, 1], 5),
    lambda a: a[...].__setitem__(2, 5),
    lambda a: np.flip(a).__setitem__(1, 5),
    lambda a: a[()].fill(4),
    lambda a: a[..., 1:7:2].__setitem__(slice(None), 5),
    lambda a: a[::-1][(slice(1, 4),)].__setitem__(0, 5),
    lambda a: a.view("u8")[...].__setitem__(1, 5),
]


def plain() -> np.ndarray:
    return np.array(Words().values, np.uint32)


@pytest.mark.parametrize("number", range(len(READS)))
def test_reads_as_an_array_does(window: RegisterWindow, bus: Words, number: int) -> None:
    got, expected = READS[number](window), READS[number](plain())
    if isinstance(got, RegisterWindow | np.ndarray | np.generic):
        assert got.dtype == expected.dtype
        got, expected = np.asarray(got).tolist(), expected.tolist()
    elif isinstance(got, tuple | list):
        got, expected = (
            [np.asarray(x).tolist() for x in side] if len(side) < 8 else side for side in (got, expected)
        )
    assert got == expected
    assert not [entry for entry in bus.log if entry[0] == "write"]


@pytest.mark.parametrize("number", range(len(WRITES)))
def test_writes_as_an_array_does(window: RegisterWindow, bus: Words, number: int) -> None:
    expected = plain()
    WRITES[number](window)
    WRITES[number](expected)
    assert bus.values == expected.tolist()


@pytest.mark.parametrize(
    ("use", "error"),
    [
        (lambda a: a[WORDS], IndexError),
        (lambda a: a[-WORDS - 1], IndexError),
        (lambda a: a[1.5], IndexError),
        (lambda a: a["CTRL"], IndexError),
        (lambda a: a[0, 1], IndexError),
        (_set(slice(0, 4), [1, 2, 3]), ValueError),
        (_set(0, "text"), ValueError),
        (lambda a: bool(a), ValueError),
        (lambda a: a + "text", TypeError),
        (lambda a: hash(a), TypeError),
    ],
)
def test_what_an_array_refuses_is_refused(
    window: RegisterWindow, use: Callable[[Any], Any], error: type
) -> None:
    """With the same kind of error, and nothing written."""
    before = list(window._bus.values)  # type: ignore[attr-defined]
    for array in (window, plain()):
        with pytest.raises(error):
            use(array)
    assert window._bus.values == before  # type: ignore[attr-defined]


def test_only_what_is_asked_for_is_accessed(window: RegisterWindow, bus: Words) -> None:
    """Registers may change by being read."""
    repr(window)
    window[2:5].view("u4")
    assert bus.log == []
    window[2:5][1] = 4
    assert bus.log == [("write", 12)]
    assert "8 registers of uint32 at 0xa0000000" in repr(window)


def test_what_would_be_lost_is_refused(window: RegisterWindow) -> None:
    """A copy would take these changes without a word."""
    for name in ("sort", "reshape", "flat", "ravel", "put", "resize", "data"):
        with pytest.raises(AttributeError, match="copy"):
            getattr(window, name)
    with pytest.raises(TypeError, match="4 or 8 bytes"):
        window.view("u1")
    with pytest.raises(ValueError, match="copy"):
        window.__array__(copy=False)
    for name, value in (("shape", (2, 4)), ("dtype", "f4"), ("strides", (8,)), ("note", 1)):
        with pytest.raises(AttributeError, match=f"cannot change their '{name}'"):
            setattr(window, name, value)


@pytest.mark.parametrize(
    "share",
    [
        np.asarray,
        np.ravel,
        np.transpose,
        np.squeeze,
        lambda a: np.reshape(a, (2, 4)),
        lambda a: np.split(a, 2)[0],
        lambda a: a[None],
        lambda a: a[:, None],
    ],
)
def test_what_would_share_memory_is_read_only(window: RegisterWindow, bus: Words, share: Any) -> None:
    """Writes to it reach a board's registers; here they would be lost."""
    with pytest.raises(ValueError, match="read-only"):
        share(window)[...] = 1
    for copied in (window.copy(), np.array(window), window[[1, 2]], window + 1, np.sort(window)):
        copied[...] = 1
    assert bus.values == Words().values


def test_copies_are_of_the_registers_or_refused(window: RegisterWindow, bus: Words) -> None:
    copy.copy(window)[1] = 5
    assert bus.values[1] == 5
    for use in (copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="registers cannot be copied or pickled"):
            use(window)


def test_pynq_s_register_works_on_it(window: RegisterWindow, bus: Words) -> None:
    register = Register(0, buffer=window[1:2])
    register[7:4] = 0xA
    assert bus.values[1] == (0x103 & ~0xF0) | 0xA0
    wide = Register(0, width=64, buffer=window[2:4])
    wide[:] = 0x1_0000_0005
    assert bus.values[2:4] == [5, 1]
