# SPDX-License-Identifier: Apache-2.0
"""Functions as clang sees them: the few facts that a fixed-latency module needs, out of clang's dump of its tree."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_FUNCTIONS = frozenset({"FunctionDecl", "CXXMethodDecl"})
_TEMPLATE_PARAMETERS = frozenset(
    {"TemplateTypeParmDecl", "NonTypeTemplateParmDecl", "TemplateTemplateParmDecl"}
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function or of a template. ``type``: aliases looked through, "" for one of a template."""

    name: str  #: "" if it has none
    at: int  #: where the name is, or would be
    type: str
    pack: bool


@dataclass(frozen=True, slots=True)
class FunctionNode:
    """A function's definition; all places are offsets in the text."""

    name_at: int
    begin: int  #: of the declaration, without a template's head
    body: int  #: the opening brace
    end: int  #: behind the closing brace
    type: str  #: of the function, as ``int (int, const s &)``
    parameters: tuple[Parameter, ...]
    template: tuple[Parameter, ...] = ()
    template_begin: int | None = None
    member: bool = False
    static: bool = False
    variadic: bool = False
    flags: frozenset[str] = field(default_factory=frozenset)  #: of virtual, constexpr, immediate


def read_functions(dump: str) -> dict[int, FunctionNode]:
    """The function definitions in the output of ``-ast-dump=json``, by the offset of their name."""
    found: dict[int, FunctionNode] = {}
    for node in _nodes(dump):
        head = node if node.get("kind") == "FunctionTemplateDecl" else None
        for inner in node.get("inner", []) if head else [node]:
            if inner.get("kind") in _FUNCTIONS and (function := _function(inner, head)):
                found.setdefault(function.name_at, function)
    return found


def _nodes(dump: str) -> Iterator[dict[str, Any]]:
    """The trees that were dumped one after another."""
    decoder, at = json.JSONDecoder(), dump.find("{")
    while at >= 0:
        node, at = decoder.raw_decode(dump, at)
        yield node
        at = dump.find("{", at)


def _function(node: dict[str, Any], head: dict[str, Any] | None) -> FunctionNode | None:
    inner = [child for child in node.get("inner", []) if child]
    body = next((child for child in inner if child.get("kind") == "CompoundStmt"), None)
    if body is None:
        return None
    flags = {key for key in ("virtual", "constexpr", "immediate") if node.get(key)}
    return FunctionNode(
        node["loc"]["offset"],
        node["range"]["begin"]["offset"],
        body["range"]["begin"]["offset"],
        node["range"]["end"]["offset"] + 1,
        node["type"]["qualType"],
        tuple(_parameter(child) for child in inner if child["kind"] == "ParmVarDecl"),
        tuple(
            _parameter(child)
            for child in (head or {}).get("inner", [])
            if child["kind"] in _TEMPLATE_PARAMETERS
        ),
        head["range"]["begin"]["offset"] if head else None,
        node["kind"] == "CXXMethodDecl",
        node.get("storageClass") == "static",
        bool(node.get("variadic")),
        frozenset(flags),
    )


def _parameter(node: dict[str, Any]) -> Parameter:
    type_ = node.get("type", {})
    spelled = type_.get("desugaredQualType", type_.get("qualType", ""))
    return Parameter(
        node.get("name", ""),
        node["loc"].get("offset", node["range"]["end"].get("offset", 0)),
        spelled,
        bool(node.get("isParameterPack")) or spelled.endswith("..."),
    )
