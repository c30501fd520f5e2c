# SPDX-License-Identifier: Apache-2.0
"""Which IP of an overlay is the accelerator, and which build it is."""

import warnings
from operator import attrgetter
from pathlib import Path
from typing import Any

import pynq

from edgemoe.config import BOARDS, BuildConfig
from edgemoe.errors import UserError
from edgemoe.registers import IP_VLNV, build_id, limits
from edgemoe.runtime.driver import AcceleratorIp

LIMIT_NAMES = (
    (("rows", 0, 8), ("cols", 8, 8), ("max_experts", 16, 8), ("max_top_k", 24, 8)),
    (("max_tokens", 0, 16), ("act_depth", 16, 16)),
    (("key_depth", 0, 16), ("residual_depth", 16, 16)),
    (("max_k_tiles", 0, 16), ("max_n_tiles", 16, 16)),
)
"""(field, lowest bit, bits) of each of the words `limits0` to `limits3`."""
CURE = (
    "The overlay was made by another version of edgemoe: install that version, or make the overlay again "
    "with this one."
)


def load_overlay(path: Path) -> Any:
    """The overlay of a bitstream's path, loaded.

    Raises:
        UserError: there is no such file, no description beside it, or no device to load it on.
    """
    for needed in (path, path.with_suffix(".hwh")):
        if not needed.is_file():
            raise UserError(f"There is no file {needed}. An overlay is a .bit with its .hwh beside it.")
    active_device()
    return pynq.Overlay(str(path))


def active_device() -> Any:
    """PYNQ's device; `UserError` where there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # PYNQ's own words on there being none are of another kind of board
            return pynq.Device.active_device
    except RuntimeError as failure:
        raise UserError(
            f"PYNQ finds no device here ({failure}). Run this on a board with PYNQ, or on the simulated board: "
            "`import edgemoe.sim` first, or `python -m edgemoe.sim program.py`."
        ) from None


def find_ip(overlay: Any, name: str | None = None) -> AcceleratorIp:
    """The driver of the overlay's accelerator.

    Args:
        overlay: a `pynq.Overlay`, also one that was loaded before the driver could be bound.
        name: of the IP, needed where the overlay has several accelerators.
    """
    kind = IP_VLNV.rpartition(":")[0] + ":"
    found = {key: entry for key, entry in overlay.ip_dict.items() if str(entry.get("type")).startswith(kind)}
    others = ", ".join(f"{key} ({entry.get('type')})" for key, entry in overlay.ip_dict.items()) or "none"
    if not found:
        raise UserError(f"The overlay {overlay.bitfile_name} has no IP {IP_VLNV}; its IPs are: {others}.")
    if name is None and len(found) > 1:
        raise UserError(
            f"The overlay {overlay.bitfile_name} has {len(found)} accelerators; say which: name={next(iter(found))!r}. "
            f"There are {', '.join(found)}."
        )
    chosen = next(iter(found)) if name is None else name
    if chosen not in found:
        raise UserError(f"The overlay has no accelerator {chosen!r}; there are {', '.join(found)}.")
    if found[chosen]["type"] != IP_VLNV:
        raise UserError(
            f"{chosen} of overlay {overlay.bitfile_name} is {found[chosen]['type']}; this driver is for {IP_VLNV}. "
            + CURE
        )
    if not overlay.is_loaded():
        raise UserError(
            f"The overlay {overlay.bitfile_name} is not loaded any more: another one, or the same once more, "
            "was loaded since. Take the newer `Overlay`, or call `overlay.download()`."
        )
    bound = attrgetter(chosen.replace("/", "."))(overlay)
    # PYNQ bound its own driver if this package was not installed, or its entry points not known, when it loaded.
    return bound if isinstance(bound, AcceleratorIp) else AcceleratorIp(found[chosen])


def find_build(ip: AcceleratorIp, expected: BuildConfig | None = None) -> BuildConfig:
    """The build that is loaded, by the build id that it tells.

    Args:
        ip: the driver of the accelerator.
        expected: a build that is none of `config.BOARDS`; nothing else is accepted then.

    Raises:
        UserError: the build is not known, or its maxima are not those of the build of that id.
    """
    found, words = ip.identity()
    builds = {build_id(build): build for build in ([expected] if expected else BOARDS.values())}
    build = builds.get(found)
    if build is not None and words == limits(build):
        return build
    known = ", ".join(
        f"{known:#010x} ({build.name}: {_listed(limits(build))})" for known, build in builds.items()
    )
    raise UserError(
        f"The overlay holds a build of id {found:#010x} with {_listed(words)}, limits registers "
        f"{', '.join(f'{word:#x}' for word in words)}; this edgemoe knows {known}. {CURE}"
    )


def maxima(words: tuple[int, ...]) -> dict[str, int]:
    """The maxima in the limits registers, by name."""
    return {
        name: word >> low & (1 << bits) - 1
        for word, names in zip(words, LIMIT_NAMES, strict=True)
        for name, low, bits in names
    }


def _listed(words: tuple[int, ...]) -> str:
    return ", ".join(f"{name} {value}" for name, value in maxima(words).items())
