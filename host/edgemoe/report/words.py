# SPDX-License-Identifier: Apache-2.0
"""Numbers and sentences for people. What is not known is left out or a dash, never `None` or `nan`."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

UNKNOWN = "–"
THIN = "\N{NARROW NO-BREAK SPACE}"


def known(value: Any) -> bool:
    """Whether a value says something: not null, not NaN, not infinite."""
    return value is not None and not (isinstance(value, float) and not math.isfinite(value))


def count(value: Any) -> float:
    """A number to reckon with: what is absent, null, NaN or no number is 0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not known(value):
        return 0
    return value


def shown(value: Any) -> str:
    """A value of the report as text: thousands apart, four digits of a fraction, nested values as JSON."""
    if not known(value):
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, float) and not (value.is_integer() and abs(value) < 1e15):
        return f"{value:.4g}"
    if isinstance(value, int | float):
        return f"{int(value):,}".replace(",", THIN)
    if isinstance(value, Mapping):
        return ", ".join(f"{printable(str(key))}: {shown(entry)}" for key, entry in value.items()) or UNKNOWN
    return printable(json.dumps(_plain(value), ensure_ascii=False))


def _plain(value: Any) -> Any:
    """Nested values with a dash in place of what is not known."""
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value if known(value) else UNKNOWN


def printable(text: str) -> str:
    """The text with lone surrogates (bytes of a file name that are no UTF-8) as `\\udc80`."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def tasks_of(report: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The report's tasks by name, those of which nothing is known left out."""
    return {str(name): task for name, task in (report.get("task") or {}).items() if task}


def rows(section: Mapping[str, Any] | None) -> dict[str, str]:
    """A section of the report as rows of a table; what is not known has no row."""
    return {printable(str(key)): shown(value) for key, value in (section or {}).items() if known(value)}


def plural(number: float, noun: str, nouns: str = "") -> str:
    """`1 element`, `2 elements`; `nouns` where the plural is not `noun` with an s."""
    return f"{shown(number)} {noun if number == 1 else nouns or noun + 's'}"


def listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return ", ".join(parts[:-1]) + " and " + parts[-1] if len(parts) > 1 else "".join(parts)


def percents(values: Sequence[float]) -> list[int]:
    """Whole percents of the sum of `values` that add up to exactly 100 (largest remainders are rounded up)."""
    total = sum(values)
    if total <= 0:
        return [0] * len(values)
    exact = [100 * value / total for value in values]
    whole = [math.floor(value) for value in exact]
    largest = sorted(range(len(values)), key=lambda i: whole[i] - exact[i])
    for i in largest[: 100 - sum(whole)]:
        whole[i] += 1
    return whole


def divergence_sentence(first: Mapping[str, Any]) -> str:
    """Where a run first differs (`first_divergence` of report.json), naming only what is known.

    The page and the terminal say the same: `segmentation, linear of layer 1, blocks.1.attn.q[3, 5]: golden
    has 7, this run -9; computed by engine (…).`
    """
    said = {key: value for key, value in first.items() if known(value)}
    stage, layer, index = said.get("stage"), said.get("layer"), said.get("index")
    places = [shown(said["task"])] if "task" in said else []
    if stage is not None:
        places.append(f"stage {shown(stage)}" + (f" of layer {layer}" if layer is not None else ""))
    elif layer is not None:
        places.append(f"layer {layer}")
    if "tensor" in said:
        at = "[" + ", ".join(map(str, index)) + "]" if isinstance(index, list | tuple) and index else ""
        places.append(shown(said["tensor"]) + at)
    sentence = ", ".join(places) or "at a place that was not recorded"
    if "golden" in said or "got" in said:
        golden, got = (str(said.get(key, "no value")) for key in ("golden", "got"))
        sentence += f": golden has {golden}, this run {got}"
    if "source" in said:
        sentence += f"; computed by {shown(said['source'])}"
    return sentence + "."


def verdict_sentence(report: Mapping[str, Any]) -> str:
    """Bit-exact or not, in one sentence."""
    if report.get("bit_exact") is True:
        return "Bit-exact: every element of every output equals the golden model's."
    if report.get("bit_exact") is not False:
        return "Not compared with the golden model."
    differ = report.get("mismatches")
    if not count(differ):
        return "Not bit-exact."
    return f"Not bit-exact: {plural(count(differ), 'element')} {'differs' if differ == 1 else 'differ'}."
