# SPDX-License-Identifier: Apache-2.0
"""From the names of a family of checkpoints to the ones that are shared here, by tables.

A row is (theirs, ours). `{n}` stands for a layer's number, `{t}` for a task's, `{wb}` for weight or bias. The shared
names are those of edgemoe's own checkpoints, and besides `attn.q`, `attn.k`, `attn.v` (of a `qkv` in three), `ls1`,
`ls2` (LayerScale), `norm`, `head`, `head_dist`, and of layers with experts `experts.fc1`, `experts.fc2`, `gate` (of all
tasks), `gate.{t}` and `task.*` (the task embedding).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from edgemoe.errors import UserError, shown
from edgemoe.imports.named import Named, Source

PLACES = {"n": r"0|[1-9]\d{0,5}", "t": r"0|[1-9]\d{0,5}", "wb": "weight|bias"}
WRAPPERS = (
    "module",
    "_orig_mod",
    "model",
    "backbone",
    "vit",
    "deit",
    "dinov2",
    "dinov2_with_registers",
    "encoder",
)
"""Parts of a prefix that say how the network was wrapped, not what it is."""


@dataclass(frozen=True)
class Family:
    """How one family names its tensors.

    signature: a tensor that tells the family. unused, refused: (pattern, why) for names that no row has; the names of
    `only_head` belong to a head, and are not used where none is wanted.
    """

    name: str
    signature: str
    rows: tuple[tuple[str, str], ...]
    unused: tuple[tuple[str, str], ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    only_head: tuple[str, ...] = ()


def _pattern(template: str) -> re.Pattern[str]:
    text = re.escape(template).replace(r"\{", "{").replace(r"\}", "}")
    return re.compile(text.format(**{name: f"(?P<{name}>{place})" for name, place in PLACES.items()}))


def family_of(source: Source, families: Iterable[Family]) -> tuple[Family, str]:
    """The family of a checkpoint and the prefix that its backbone's names have there."""
    families = tuple(families)
    for family in families:
        prefixes = sorted(
            name.removesuffix(family.signature)
            for name in source.arrays
            if name == family.signature or name.endswith("." + family.signature)
        )
        if len(prefixes) > 1:
            raise UserError(
                f"{source.path} holds several networks: those of {shown(prefixes[0])} and {shown(prefixes[1])}. Save "
                "one of them alone, or leave the others out: --ignore 'PREFIX*'."
            )
        for prefix in prefixes:
            strange = [part for part in prefix.split(".")[:-1] if part not in WRAPPERS]
            if not strange:
                return family, prefix
            raise UserError(
                f"{source.path}: tensor {shown(prefix + family.signature)} has the prefix {shown(prefix)}, which may "
                f"be of another kind of network: {shown(strange[0])} is none of {', '.join(WRAPPERS)}. If it is a "
                "plain vision transformer, save its state dict alone."
            )
    known = " or ".join(f"{family.signature} ({family.name})" for family in families)
    raise UserError(
        f"{source.path} is of no family that is understood: it has no tensor {known}. Its first tensor is "
        f"{shown(min(source.arrays, default=''))}."
    )


def named(source: Source, family: Family, prefix: str, ignore: tuple[str, ...], no_head: bool) -> Named:
    """The tensors under their shared names; UserError for one that is not understood, with its name."""
    rows = [(_pattern(theirs), ours) for theirs, ours in family.rows]
    found = Named(source.path, family.name, notes=list(source.notes))
    found.spellings = [(_pattern(ours), prefix + theirs) for theirs, ours in family.rows]
    if prefix:
        found.notes.append(f"The prefix {prefix!r} of the names was taken off.")
    wrapped = next((part for part in ("module.", "_orig_mod.") if prefix.startswith(part)), "")
    for origin, array in source.arrays.items():
        if any(fnmatchcase(origin, pattern) for pattern in ignore):
            found.unused[origin] = "left out by --ignore"
            continue
        name = origin.removeprefix(prefix) if origin.startswith(prefix) else origin.removeprefix(wrapped)
        if no_head and any(re.fullmatch(pattern, name) for pattern in family.only_head):
            found.unused[origin] = "it belongs to the head, and --head none leaves that out"
            continue
        ours = next((_ours(match, to) for pattern, to in rows if (match := pattern.fullmatch(name))), None)
        if ours is None:
            found.unused[origin] = _why_not(source, family, origin, name)
            continue
        if ours in found.arrays:
            raise UserError(
                f"{source.path}: tensors {shown(found.origin[ours])} and {shown(origin)} mean the same; leave one out "
                "with --ignore."
            )
        found.arrays[ours], found.origin[ours] = array, origin
    return found


def _ours(match: re.Match[str], template: str) -> str:
    return template.format(**match.groupdict())


def _why_not(source: Source, family: Family, origin: str, name: str) -> str:
    """Why a tensor without a row is not used; UserError if the network can't be run without it, or isn't understood."""
    for pattern, why in family.refused:
        if re.fullmatch(pattern, name):
            raise UserError(f"{source.path}: tensor {shown(origin)} can't be imported: {why}.")
    for pattern, why in family.unused:
        if re.fullmatch(pattern, name):
            return why
    raise UserError(
        f"{source.path}: tensor {shown(origin)} is not understood as one of {family.name}. If the network gives its "
        "result without it, say --ignore with its name."
    )
