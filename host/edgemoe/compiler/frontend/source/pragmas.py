# SPDX-License-Identifier: Apache-2.0
"""The pragmas as typed records, one class a kind. Numbers are those of one place: a template has them per instance."""

from __future__ import annotations

from dataclasses import dataclass

from edgemoe.compiler.banks import Split
from edgemoe.compiler.ir import Hazard, Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Pragma:
    """Any pragma. An option that was not written has its class's value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline(Pragma):
    """``PIPELINE``: start an iteration every ``interval`` cycles."""

    interval: int = 1
    off: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unroll(Pragma):
    """``UNROLL``: ``factor`` iterations at a time; None stands for all."""

    factor: int | None = None
    off: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayPartition(Pragma):
    """``ARRAY_PARTITION``: banks along dimension ``dim``, counted from 1; 0 is all of them."""

    split: Split = Split.COMPLETE
    factor: int = 1
    dim: int = 1
    off: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BindStorage(Pragma):
    """``BIND_STORAGE``: what keeps an array; None leaves it to synthesis."""

    storage: Storage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BindOp(Pragma):
    """``BIND_OP``: what an operation becomes whose result the variable is; both as written, "" for not."""

    operation: str = ""
    implementation: str = ""

    @property
    def in_fabric(self) -> bool:
        """Whether it keeps a multiplication out of DSP blocks; the rest of it is not built."""
        return (self.operation.lower(), self.implementation.lower()) == ("mul", "fabric")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependence(Pragma):
    """``DEPENDENCE``: what is promised of two accesses to one array."""

    inter: bool = True  #: between iterations; otherwise within one
    hazard: Hazard | None = None  #: None: all three
    distance: int | None = None  #: iterations
    dependent: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream(Pragma):
    """``STREAM``: how many tokens a channel holds."""

    depth: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataflow(Pragma):
    """``DATAFLOW``: the calls of this function are processes that run side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface(Pragma):
    """``INTERFACE``: ``options`` are (name, value as text), "" for an option without one."""

    mode: str = ""
    port: str = "return"
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopTripcount(Pragma):
    """``LOOP_TRIPCOUNT``: iterations that the user expects."""

    least: int | None = None
    most: int | None = None
    average: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inline(Pragma):
    """``INLINE``; with ``off`` the ``function`` is a fixed-latency module, or cannot be: ``obstacle`` says why."""

    off: bool = False
    function: str = ""
    obstacle: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint(Pragma):
    """A pragma that changes nothing here, or only for arguments of the top, where it is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceHint(Hint):
    """A hint of a variable, whose layout it would change if it was an argument."""
