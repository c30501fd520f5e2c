# SPDX-License-Identifier: Apache-2.0
"""The processor's GPIO pins as PYNQ finds them below /sys/class/gpio, in memory: a PC has none.

`pynq.GPIO` itself runs unchanged; only what it opens and lists is answered here. No design of ours connects one of
these pins, so an input reads 0.
"""

import io
import os
from collections.abc import Iterator
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import Any

import pynq.gpio

FOLDER = "/sys/class/gpio"
BASE = 334
"""Number of the first pin; where a kernel puts it differs from board to board."""


class PinFiles:
    """The files of one controller with `count` pins, which the kernel calls `label`."""

    def __init__(self, label: str, count: int) -> None:
        self._chip = f"{FOLDER}/gpiochip{BASE}"
        self._texts = {f"{self._chip}/label": f"{label}\n", f"{self._chip}/ngpio": f"{count}\n"}
        self._pins = range(BASE, BASE + count)

    def install(self) -> None:
        """Let PYNQ see these files instead of the machine's."""
        paths = SimpleNamespace(exists=self.exists, join=os.path.join)
        pynq.gpio.os = SimpleNamespace(geteuid=os.geteuid, path=paths, walk=self.walk)
        pynq.gpio.open = self.open

    def exists(self, path: str) -> bool:
        """Whether `path` is a file, or the folder of a pin that was exported."""
        return path in self._texts or f"{path.rstrip('/')}/value" in self._texts

    def walk(self, folder: str) -> Iterator[tuple[str, list[str], list[str]]]:
        """As `os.walk`, of the folder with the controller."""
        yield folder, [PurePosixPath(self._chip).name], ["export", "unexport"]

    def open(self, path: str, mode: str = "r") -> io.StringIO:
        """A file to read, or one whose text takes effect when it is closed."""
        if mode == "r" and path in self._texts:
            return io.StringIO(self._texts[path])
        if mode == "w" and (path in (f"{FOLDER}/export", f"{FOLDER}/unexport") or path in self._texts):
            return _Written(lambda text: self._write(path, text))
        raise FileNotFoundError(f"[Errno 2] No such file or directory: '{path}'")

    def _write(self, path: str, text: str) -> None:
        if path == f"{FOLDER}/export":
            if int(text) not in self._pins:
                raise OSError(
                    22, f"Invalid argument: there is no pin {text}, only {self._pins[0]} to {self._pins[-1]}"
                )
            self._texts |= {f"{FOLDER}/gpio{text}/direction": "in\n", f"{FOLDER}/gpio{text}/value": "0\n"}
        elif path == f"{FOLDER}/unexport":
            for name in ("direction", "value"):
                self._texts.pop(f"{FOLDER}/gpio{text}/{name}", None)
        else:
            self._texts[path] = f"{text}\n"


class _Written(io.StringIO):
    """A text that is handed over when it is closed."""

    def __init__(self, take: Any) -> None:
        super().__init__()
        self._take = take

    def close(self) -> None:
        if not self.closed:
            text = self.getvalue()
            super().close()
            self._take(text)
