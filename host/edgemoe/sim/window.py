# SPDX-License-Identifier: Apache-2.0
"""Registers that behave like a NumPy array: what `MMIO.array` is on a simulated board."""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from numpy.lib.mixins import NDArrayOperatorsMixin

WORD = 4
COPYING = frozenset(
    (
        *("all", "any", "argmax", "argmin", "argsort", "astype", "byteswap", "choose", "clip", "compress"),
        *("cumprod", "cumsum", "diagonal", "dot", "flatten", "item", "max", "mean", "min", "nonzero", "prod"),
        *("repeat", "round", "searchsorted", "std", "sum", "take", "tobytes", "tolist", "trace", "var"),
    )
)
"""Methods of an array whose result is a copy on a board too: they read every register once."""


class Registers(Protocol):
    """Where 32-bit words are read and written by address."""

    def read(self, address: int) -> int: ...

    def write(self, address: int, value: int) -> None: ...


class RegisterWindow(NDArrayOperatorsMixin):
    """`count` registers from address `base` on as an array of one dimension.

    Elements are read and written in the design each time that they are looked at, in order; slices and `view` are
    windows too. Arithmetic, comparisons and NumPy's functions read every element once and give plain arrays;
    `window |= 1` writes the result back. What would share memory with an array is a copy here, and read-only: a
    change of it would be lost.
    """

    ndim = 1
    _made = False

    def __init__(
        self, bus: Registers, base: int, count: int, dtype: npt.DTypeLike = "u4", stride: int | None = None
    ) -> None:
        self._bus, self._base, self._count = bus, base, count
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self.itemsize = self.dtype.itemsize
        if self.dtype.hasobject or self.itemsize not in (WORD, 2 * WORD):
            raise TypeError(f"registers are read in 4 or 8 bytes at a time, not as {self.dtype}")
        self._stride = self.itemsize if stride is None else stride
        self.shape, self.size, self.strides = (count,), count, (self._stride,)
        self.nbytes = count * self.itemsize
        self._made = True

    def __setattr__(self, name: str, value: Any) -> None:
        if self._made:
            raise AttributeError(
                f"registers cannot change their {name!r}; take `.view(dtype)` or a slice, or `.copy()` for an array"
            )
        super().__setattr__(name, value)

    def __reduce__(self) -> Any:
        raise TypeError(
            "registers cannot be copied or pickled; `.copy()` gives an array with what they hold now"
        )

    def __copy__(self) -> "RegisterWindow":
        return self[:]

    # ---- elements

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Any) -> Any:
        chosen = self._chosen(index)
        if chosen.ndim == 0:
            return self._read(int(chosen))
        shared = not chosen.flags.owndata  # NumPy took no copy
        if shared and chosen.ndim == 1:
            base = self._base + (int(chosen[0]) * self._stride if chosen.size else 0)
            step = chosen.strides[0] // chosen.itemsize
            return RegisterWindow(self._bus, base, chosen.size, self.dtype, step * self._stride)
        values = [self._read(int(element)) for element in chosen.flat]
        array = np.array(values, self.dtype).reshape(chosen.shape)
        array.flags.writeable = not shared
        return array

    def __setitem__(self, index: Any, value: Any) -> None:
        chosen = self._chosen(index)
        cells = np.empty(chosen.shape, self.dtype)
        cells[...] = value  # NumPy's rules of shape and type
        for element, cell in zip(chosen.flat, cells.reshape(-1), strict=True):
            address = self._base + int(element) * self._stride
            for at, word in enumerate(np.frombuffer(cell.tobytes(), "<u4")):
                self._bus.write(address + WORD * at, int(word))

    def _chosen(self, index: Any) -> npt.NDArray[np.intp]:
        """The numbers of the elements that an index means."""
        if isinstance(index, int | np.integer) and not isinstance(index, bool):
            if not -self._count <= index < self._count:
                raise IndexError(f"register index {index} is outside a window of {self._count} registers")
            return np.asarray(index % self._count)
        return np.asarray(np.arange(self._count)[index])

    def _read(self, element: int) -> Any:
        address = self._base + element * self._stride
        words = [self._bus.read(address + at) for at in range(0, self.itemsize, WORD)]
        return np.array(words, "<u4").view(self.dtype)[0]

    # ---- as an array

    def view(self, dtype: npt.DTypeLike = None) -> "RegisterWindow":
        """The same registers as elements of another type, of 4 or 8 bytes."""
        kind = self.dtype if dtype is None else np.dtype(dtype)
        if kind.itemsize == self.itemsize:
            return RegisterWindow(self._bus, self._base, self._count, kind, self._stride)
        if self._stride != self.itemsize:
            raise ValueError("registers with gaps between them have no view of another width")
        return RegisterWindow(self._bus, self._base, self.nbytes // max(kind.itemsize, 1), kind)

    @property
    def T(self) -> "RegisterWindow":
        return self

    def fill(self, value: Any) -> None:
        """Write `value` to every register."""
        self[:] = value

    def __array__(self, dtype: npt.DTypeLike = None, copy: bool | None = None) -> npt.NDArray[Any]:
        if copy is False:
            raise ValueError("registers become an array by reading them, which is a copy")
        array = self.copy().astype(dtype or self.dtype, copy=False)
        array.flags.writeable = bool(copy)
        return array

    def copy(self, order: Any = "C") -> npt.NDArray[Any]:
        """What the registers hold now."""
        return np.array([self._read(element) for element in range(self._count)], self.dtype)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        arrays = [_array(given) for given in inputs]
        targets = options.pop("out", ())
        if method == "at":  # works on its first argument
            targets, arrays[0] = inputs[:1], _array(inputs[0], to_write=True)
            written = arrays[:1]
        else:
            written = [_array(target, to_write=True) for target in targets]
            options |= {"out": tuple(written)} if written else {}
        result = getattr(ufunc, method)(*arrays, **options)
        for target, values in zip(targets, written, strict=True):
            if isinstance(target, RegisterWindow):
                target[...] = values
        if not targets or method == "at":
            return result
        return tuple(targets) if len(targets) > 1 else targets[0]

    def __getattr__(self, name: str) -> Any:
        if name in COPYING:
            return getattr(np.asarray(self), name)
        raise AttributeError(
            f"registers have no {name!r}; `.copy()` gives an array with what they hold now, which has"
        )

    def __bool__(self) -> bool:
        return bool(np.asarray(self))

    def __int__(self) -> int:
        return int(np.asarray(self).item())

    def __float__(self) -> float:
        return float(np.asarray(self).item())

    def __repr__(self) -> str:  # without reading: some registers change when they are read
        return f"RegisterWindow({self._count} registers of {self.dtype} at {self._base:#x})"


def _array(given: Any, *, to_write: bool = False) -> Any:
    """What a window holds now; anything else is itself."""
    if not isinstance(given, RegisterWindow):
        return given
    return given.copy() if to_write else np.asarray(given)
