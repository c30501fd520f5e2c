# SPDX-License-Identifier: Apache-2.0
"""Metadata: places in the source, names and types, from LLVM's debug information."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import PurePath

from edgemoe.compiler.ir import NOWHERE, Loc
from edgemoe.compiler.llvmir.tokens import tokens

#: Folders and names of the shim's headers: an inlined operation of theirs belongs to the line that uses it.
SHIM_FOLDERS = ("detail", "freestanding")
_SHIM_PREFIXES = ("hls_", "ap_")

_CLASSES = ("DW_TAG_structure_type", "DW_TAG_class_type")
#: Tags of what only names, qualifies or refers to another type.
_ALIASES = frozenset(
    {
        "DW_TAG_reference_type",
        "DW_TAG_rvalue_reference_type",
        "DW_TAG_const_type",
        "DW_TAG_volatile_type",
        "DW_TAG_typedef",
    }
)


@functools.cache
def in_shim(file: str) -> bool:
    """Whether a file is one of the shim's headers (or of the vendor's in their place)."""
    path = PurePath(file)
    if path.parent.name in SHIM_FOLDERS:
        return True
    return path.suffix == ".h" and path.name.startswith(_SHIM_PREFIXES)


@dataclass(slots=True)
class Node:
    """A metadata node: ``!DIKind(key: value, ...)`` or a tuple ``!{...}``, whose parts are in ``items``.

    A value is a number of another node (``!12`` without the sign), a string, or a word.
    """

    kind: str
    fields: dict[str, str] = field(default_factory=dict)
    items: list[str] = field(default_factory=list)


_EMPTY = Node("")


class DebugInfo:
    """Metadata nodes by number, decoded on demand."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts  #: number -> what follows the equals sign
        self._nodes: dict[str, Node] = {}
        self._locs: dict[str, Loc] = {}
        self._files: dict[str, str] = {}
        self._free = max((int(number) for number in texts), default=0)

    def add(self, text: str) -> str:
        """A new node; its number."""
        self._free += 1
        self.texts[str(self._free)] = text
        return str(self._free)

    def next_number(self) -> str:
        """The number that :meth:`add` gives next, for nodes that name themselves."""
        return str(self._free + 1)

    def node(self, number: str) -> Node:
        """A node, an empty one if there is none of that number."""
        known = self._nodes.get(number)
        if known is None:
            text = self.texts.get(number)
            known = self._nodes[number] = _EMPTY if text is None else _decode(text)
        return known

    def field(self, number: str, name: str) -> str:
        """A field of a node, "" if it has none of that name."""
        return self.node(number).fields.get(name, "")

    # ---- places --------------------------------------------------------------------------------------------

    def loc(self, number: str) -> Loc:
        """Of a DILocation: the innermost frame outside the shim's headers."""
        if not number:
            return NOWHERE
        known = self._locs.get(number)
        if known is None:
            known = self._locs[number] = self._resolve(number)
        return known

    def _resolve(self, number: str) -> Loc:
        fields = self.node(number).fields
        line = int(fields.get("line", 0))
        file = self.file_of_scope(fields.get("scope", ""))
        inlined = fields.get("inlinedAt", "")
        if inlined and (line == 0 or in_shim(file)):
            return self.loc(inlined)
        return Loc(file, line)

    def file_of_scope(self, number: str) -> str:
        """The file of a scope, relative to where clang ran."""
        known = self._files.get(number)
        if known is None:
            fields = self.node(number).fields
            file, parent = fields.get("file", ""), fields.get("scope", "")
            if file:
                name = self.field(file, "filename")
                known = str(PurePath(name)) if name else ""
            else:
                known = self.file_of_scope(parent) if parent and parent != number else ""
            self._files[number] = known
        return known

    def of_shim(self, subprogram: str) -> bool:
        """Whether a function with this DISubprogram is one of the shim's: "" is one without places (`HLS_INLINE`)."""
        return not subprogram or in_shim(self.file_of_scope(subprogram))

    # ---- names and types -----------------------------------------------------------------------------------

    def variable(self, number: str) -> str:
        """Name of a DILocalVariable."""
        return self.field(number, "name")

    def parameters(self, subprogram: str) -> dict[str, str]:
        """The parameters of a DISubprogram: name -> number of the DILocalVariable."""
        found: dict[str, str] = {}
        for item in self.node(self.field(subprogram, "retainedNodes")).items:
            node = self.node(item)
            if node.kind == "DILocalVariable" and "arg" in node.fields:
                found[node.fields.get("name", "")] = item
        return found

    def subprogram(self, number: str) -> tuple[str, Loc]:
        """(name, place) of a DISubprogram."""
        fields = self.node(number).fields
        return fields.get("name", ""), Loc(self.file_of_scope(number), int(fields.get("line", 0)))

    def result_type(self, number: str) -> str:
        """The type of what a DISubprogram returns."""
        types = self.node(self.field(self.field(number, "type"), "types")).items
        return types[0] if types else ""

    def strip(self, number: str, also: frozenset[str] = frozenset(), only: frozenset[str] = _ALIASES) -> str:
        """The type behind references, typedefs and qualifiers."""
        for _ in range(50):
            node = self.node(number)
            if node.fields.get("tag") not in only | also:
                break
            number = node.fields.get("baseType", "")
        return number

    def type_name(self, number: str) -> str:
        """Name of a variable's type, references, pointers, typedefs and const looked through."""
        return self.field(self.strip(number, frozenset({"DW_TAG_pointer_type"})), "name")

    def is_data(self, number: str) -> bool:
        """Whether a member of a struct is a part of each object of it: no static one, no function."""
        fields = self.node(number).fields
        return fields.get("tag") == "DW_TAG_member" and "StaticMember" not in fields.get("flags", "")

    def integer_type(self, number: str) -> tuple[int, bool] | None:
        """(bits, signed) of what a type holds if that is one integer.

        That is: a built-in type, an enumeration, an ``ap_int``, the raw value of an ``ap_fixed``, or a struct whose
        only member is one of these.
        """
        number = self.strip(number)
        fields = self.node(number).fields
        if fields.get("tag") == "DW_TAG_enumeration_type":
            return self.integer_type(fields.get("baseType", ""))
        known = self._sized_type(fields.get("name", ""))
        if known is not None:
            return known
        if fields.get("tag") in _CLASSES:
            members = [item for item in self.node(fields.get("elements", "")).items if self.is_data(item)]
            return self.integer_type(self.field(members[0], "baseType")) if len(members) == 1 else None
        encoding = fields.get("encoding", "")
        if encoding == "DW_ATE_boolean":
            return 1, False
        if encoding in ("DW_ATE_float", "DW_ATE_complex_float"):
            return None
        if encoding:
            return int(fields.get("size", 0)), encoding in ("DW_ATE_signed", "DW_ATE_signed_char")
        return None

    def is_struct(self, number: str) -> bool:
        """Whether a type is a class that is no ``ap_int`` and no ``ap_fixed``."""
        fields = self.node(self.strip(number)).fields
        return fields.get("tag") in _CLASSES and self._sized_type(fields.get("name", "")) is None

    @staticmethod
    def _sized_type(name: str) -> tuple[int, bool] | None:
        """(bits, signed) of an ``ap_int`` or an ``ap_fixed``, by the name of its class."""
        kind, _, arguments = name.removesuffix(">").partition("<")
        words = arguments.split(", ")
        signed = {"ap_int_base": 1, "ap_fixed_base": 2}.get(kind)
        return (int(words[0]), words[signed] == "true") if signed is not None else None


def _decode(text: str) -> Node:
    text = text.removeprefix("distinct ")
    if '"' not in text and "{" not in text and text.count("(") == 1:
        return _simple(text)
    words = tokens(text)
    if words[:2] == ["!", "{"] or words[:1] == ["{"]:
        return Node("", items=_items(words))
    if len(words) < 2 or words[1] != "(":
        return Node(words[0] if words else "")
    node = Node(words[0].removeprefix("!"))
    at = 2
    while at < len(words) and words[at] != ")":
        key = words[at].removesuffix(":")
        at += 1
        if at < len(words) and words[at] == ":":
            at += 1
        depth, parts = 0, []
        while at < len(words) and (depth or words[at] not in (",", ")")):
            depth += words[at] in "([{"
            depth -= words[at] in ")]}"
            parts.append(words[at])
            at += 1
        at += at < len(words) and words[at] == ","
        node.fields[key] = _plain(parts)
    return node


def _simple(text: str) -> Node:
    """A node whose values are words and numbers of nodes, a place for one."""
    kind, _, inner = text.removeprefix("!").removesuffix(")").partition("(")
    node = Node(kind)
    for part in inner.split(", ") if inner else []:
        key, _, value = part.partition(": ")
        node.fields[key] = value.removeprefix("!")
    return node


def _plain(parts: list[str]) -> str:
    if parts[:1] == ["!"]:  # a string among nodes: !"text"
        parts = parts[1:]
    if len(parts) != 1:
        return " ".join(parts)
    word = parts[0]
    if word[0] == '"':
        return word[1:-1]
    return word[1:] if word[0] == "!" else word


def _items(words: list[str]) -> list[str]:
    items: list[str] = []
    current: list[str] = []
    for word in words[words.index("{") + 1 : -1]:
        if word == ",":
            items.append(_plain(current))
            current = []
        else:
            current.append(word)
    return [*items, _plain(current)] if current else items
