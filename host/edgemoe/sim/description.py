# SPDX-License-Identifier: Apache-2.0
"""Reads a hardware description (.hwh) and refuses, in one sentence, whatever is none."""

import math
import stat
import warnings
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from pynq.metadata.runtime_metadata_parser import RuntimeMetadataParser
from pynqmetadata.frontends import Metadata

from edgemoe.errors import UserError

MAX_BYTES = 32 << 20
"""Vivado's descriptions of large designs take a few megabytes."""
MAX_DEPTH = 100
"""Of elements in each other; Vivado's have about ten levels."""
ADDRESSES = 1 << 48
CURE = "`make cosim` writes the accelerator's overlay anew; for a design of your own, export it again."


class _Outline:
    """Sees the elements of a file pass by and stops at the first that no description has."""

    def __init__(self) -> None:
        self.depth = 0
        self.seen: set[str] = set()
        self.root: str | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.root = self.root or tag
        self.seen.add(tag)
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ValueError(f"its elements lie more than {MAX_DEPTH} deep")

    def end(self, tag: str) -> None:
        self.depth -= 1

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        # Entities are declared behind it: none of them is ever expanded.
        raise ValueError("it has a document type declaration, which no hardware description has")


def read_description(path: Path) -> Any:
    """What PYNQ learns from the hardware description `path` (a `RuntimeMetadataParser`).

    Raises:
        UserError: there is no such file, it is none, or not one that PYNQ can read and the board can hold.
    """
    _check_outline(path, _content(path))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a description is taken or refused
            parser = RuntimeMetadataParser(Metadata(input=str(path)))
            parser.refresh_hierarchy_dict()
        _check_blocks(parser)
    except Exception as failure:  # the parser raises whatever a missing attribute leads to
        raise _refusal(path, f"it is incomplete or damaged ({_words(failure)})") from None
    return parser


def _refusal(path: Path, reason: str) -> UserError:
    return UserError(f"{path} is not a hardware description (.hwh): {reason}. {CURE}")


def _words(failure: Exception) -> str:
    text = " ".join(str(failure).split())
    return f"{type(failure).__name__}: {text[:200]}" if text else type(failure).__name__


def _content(path: Path) -> bytes:
    """The file's bytes; only a regular file is opened, for a pipe would keep us waiting."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise _refusal(path, "it is a folder or a device, not a file")
        if status.st_size > MAX_BYTES:
            raise _refusal(path, f"it has {status.st_size} bytes, more than {MAX_BYTES}")
        content = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"There is no hardware description {path}. {CURE}") from None
    except (OSError, ValueError) as failure:  # ValueError: a name with a null byte
        raise UserError(f"The hardware description {path!s} cannot be read: {_words(failure)}.") from None
    if not content.strip():
        raise _refusal(path, "it is empty")
    return content


def _check_outline(path: Path, content: bytes) -> None:
    if path.suffix != ".hwh":
        raise _refusal(path, "its name does not end with .hwh")
    outline = _Outline()
    parser = ElementTree.XMLParser(target=outline)
    try:
        parser.feed(content)
        parser.close()
    except ElementTree.ParseError as failure:
        raise _refusal(path, f"it is not XML, or cut off ({failure})") from None
    except (ValueError, LookupError) as failure:  # LookupError: an encoding that there is not
        raise _refusal(path, str(failure)) from None
    if outline.root != "EDKSYSTEM" or not {"MODULES", "MODULE"} <= outline.seen:
        found = f"its outermost element is {str(outline.root)[:40]!r}"
        raise _refusal(path, f"{found}; expected EDKSYSTEM with MODULES and MODULE in it")


def _check_blocks(parser: Any) -> None:
    """`ValueError` if blocks have no addresses or share them, or registers or clocks that cannot be."""
    taken: list[tuple[int, int, str]] = []
    for name, block in parser.ip_dict.items():
        if "phys_addr" not in block:  # the processing system itself
            continue
        base, size = int(block["phys_addr"]), int(block["addr_range"])
        if base < 0 or size <= 0 or base + size > ADDRESSES or base % 4:
            raise ValueError(f"{name} lies at address {base:#x} and takes {size} bytes")
        for first, last, other in taken:
            if base <= last and first < base + size:
                raise ValueError(f"{name} and {other} share addresses from {max(base, first):#x} on")
        taken.append((base, base + size - 1, name))
        for register, entry in block["registers"].items():
            offset, bits = int(entry["address_offset"]), int(entry["size"])
            if offset < 0 or offset % 4 or not 0 < bits <= 64 or offset + -(-bits // 32) * 4 > size:
                raise ValueError(f"register {register} of {name} has {bits} bits at offset {offset:#x}")
    for number, clock in parser.clock_dict.items():
        frequency = clock.get("frequency")  # since pynq 4.0.0
        if frequency is not None and not (math.isfinite(frequency) and 0 < frequency <= 2000):
            raise ValueError(f"clock {number} runs at {frequency} MHz")
