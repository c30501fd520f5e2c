# SPDX-License-Identifier: Apache-2.0
"""Tensors in several .safetensors files beside an index, as large models are commonly published.

The index, `NAME.safetensors.index.json`, is a JSON object of `weight_map` (tensor -> the shard's file name) and
`metadata`. Shards lie in the index's folder and are plain .safetensors files, whose own metadata is not looked at.
`metadata.sha256` (shard -> its sha256) is needed: shards of two trainings have the same names and shapes, and nothing
else would tell them apart. The sha256 of the index therefore stands for all of it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from edgemoe.errors import UserError, shown
from edgemoe.files import open_regular, parse_json, read_regular, write
from edgemoe.tensors import HEADER_MOST, INDEX, SUFFIX, Entry, Header, read_header, read_tensors

SHARD_BYTES = 16_000_000  # of tensors, in a shard that is written
SHARDS_MOST = 256  # that are read: all are open at a time

Array = NDArray[Any]


@dataclass(frozen=True)
class Index:
    """What an index says; `weight_map` and `sums` name files in its folder. `sha256` is the index file's."""

    path: Path
    metadata: dict[str, Any]
    weight_map: dict[str, str]
    sums: dict[str, str]
    sha256: str

    def shard(self, tensor: str) -> Path:
        """The file that holds a tensor."""
        return self.path.with_name(self.weight_map[tensor])


@dataclass(frozen=True)
class Shards:
    """Open shards whose headers agree with their index."""

    index: Index
    files: dict[str, tuple[BinaryIO, Header]]

    @property
    def entries(self) -> dict[str, Entry]:
        """Every tensor of every shard."""
        return {name: entry for _, header in self.files.values() for name, entry in header.entries.items()}

    def read(self) -> dict[str, Array]:
        """Every tensor; UserError for a shard that is not the index's."""
        tensors: dict[str, Array] = {}
        for name, (file, header) in self.files.items():
            path = self.index.path.with_name(name)
            found, sha256 = read_tensors(file, header, _bad(path))
            if sha256 != self.index.sums[name]:
                raise UserError(
                    f"Shard {path} is not the one that {self.index.path.name} was written with: its sha256 is "
                    f"{sha256}, expected {shown(self.index.sums[name])}. Copy index and shards together."
                )
            tensors |= found
        return tensors


def read_index(path: Path, what: str, hint: str) -> Index:
    """The index at `path`; UserError if it is none, or names a file that is not beside it.

    what, hint: as of `open_regular`.
    """
    text = read_regular(path, what, HEADER_MOST, hint)
    data = parse_json(text, f"{path} is not an index of shards")
    if not isinstance(data, dict) or not all(
        isinstance(data.get(part), dict) for part in ("metadata", "weight_map")
    ):
        raise UserError(
            f"{path} is not an index of shards: it must hold the objects metadata and weight_map."
        )
    weight_map, sums = data["weight_map"], data["metadata"].get("sha256")
    for tensor, name in weight_map.items():
        if not _is_shard_name(name):
            raise UserError(
                f"{path}: weight_map has tensor {shown(tensor)} in {shown(name)}, expected the name of a "
                f"{SUFFIX} file in the same folder."
            )
    names = set(weight_map.values())
    if len(names) > SHARDS_MOST:
        raise UserError(f"{path} names {len(names)} shards; at most {SHARDS_MOST} are read.")
    if not isinstance(sums, dict) or set(sums) != names:
        raise UserError(
            f"{path}: metadata must have 'sha256' with one of each shard, {_listed(names)}; it has {shown(sums)}."
        )
    return Index(path, data["metadata"], weight_map, sums, hashlib.sha256(text).hexdigest())


@contextmanager
def open_shards(index: Index) -> Iterator[Shards]:
    """The shards of an index; UserError for one that is missing or damaged, or whose tensors are not as in the map."""
    with ExitStack() as stack:
        files = {}
        for name in sorted(set(index.weight_map.values())):
            path = index.path.with_name(name)
            hint = f"{index.path.name} names it; copy index and shards together"
            file = stack.enter_context(open_regular(path, "Shard", hint))
            files[name] = file, read_header(file, _bad(path))
        _check_places(index, {name: header.entries for name, (_, header) in files.items()})
        yield Shards(index, files)


def _check_places(index: Index, found: Mapping[str, Mapping[str, Entry]]) -> None:
    """Each tensor in the shard that the map says, and nowhere else."""
    for name, entries in found.items():
        path = index.path.with_name(name)
        for tensor in entries:
            expected = index.weight_map.get(tensor)
            if expected is None:
                raise UserError(
                    f"Shard {path} holds tensor {shown(tensor)}, which {index.path.name} does not name."
                )
            if expected != name:
                twice = ", which holds it, too" if tensor in found[expected] else ""
                raise UserError(
                    f"Shard {path} holds tensor {shown(tensor)}, expected in {expected}{twice} ({index.path.name})."
                )
    for tensor, name in index.weight_map.items():
        if tensor not in found[name]:
            raise UserError(
                f"Shard {index.path.with_name(name)} lacks tensor {shown(tensor)}, which {index.path.name} has there."
            )


def write_shards(
    path: Path, metadata: Mapping[str, Any], tensors: Mapping[str, Array], most: int = SHARD_BYTES
) -> None:
    """Writes shards of at most `most` bytes of tensors (one tensor may be larger) and their index `path`, last.

    Shards of an earlier index there that are not written again are removed.
    """
    groups = _grouped(tensors, most)
    stem, before = path.name.removesuffix(INDEX), _written_before(path)
    weight_map: dict[str, str] = {}
    sums: dict[str, str] = {}
    for number, group in enumerate(groups, 1):
        name = f"{stem}-{number:05}-of-{len(groups):05}{SUFFIX}"
        data = save(group)
        write(path.with_name(name), data, "Shard")
        sums[name] = hashlib.sha256(data).hexdigest()
        weight_map |= dict.fromkeys(group, name)
    total = sum(tensor.nbytes for tensor in tensors.values())
    index = {"metadata": {"total_size": total, **metadata, "sha256": sums}, "weight_map": weight_map}
    write(path, json.dumps(index, indent=1) + "\n", "Index")
    for name in before - set(sums):
        path.with_name(name).unlink(missing_ok=True)


def check_shards_target(path: Path) -> None:
    """UserError if a file beside `path` has the name of a shard of it, and no earlier index there lists it."""
    stem, before = path.name.removesuffix(INDEX), _written_before(path)
    there = path.parent.iterdir() if path.parent.is_dir() else ()
    for other in sorted(there):
        is_shard = re.fullmatch(rf"{re.escape(stem)}-\d+-of-\d+{re.escape(SUFFIX)}", other.name)
        if is_shard and other.name not in before:
            raise UserError(
                f"Shard {other} is not one that {path.name} lists; move it or write to another folder."
            )


def _written_before(path: Path) -> set[str]:
    """The shards of the index that lies at `path`; none if there is none."""
    try:
        return set(read_index(path, "Index", "").sums)
    except UserError:
        return set()


def _grouped(tensors: Mapping[str, Array], most: int) -> list[dict[str, Array]]:
    """Tensors in their order, in groups of at most `most` bytes."""
    groups: list[dict[str, Array]] = [{}]
    size = 0
    for name, tensor in tensors.items():
        if groups[-1] and size + tensor.nbytes > most:
            groups.append({})
            size = 0
        groups[-1][name] = np.ascontiguousarray(tensor)
        size += tensor.nbytes
    return groups


def _is_shard_name(name: Any) -> bool:
    return isinstance(name, str) and name.endswith(SUFFIX) and name != SUFFIX and "/" not in name


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(map(shown, names))[:3]) + (", …" if len(names) > 3 else "")


def _bad(path: Path) -> str:
    return f"{path} is not a safetensors file"
