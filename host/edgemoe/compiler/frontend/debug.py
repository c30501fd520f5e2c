# SPDX-License-Identifier: Apache-2.0
"""Source locations and names from LLVM's debug metadata."""

from __future__ import annotations

import re
from pathlib import PurePath

from edgemoe.compiler.ir import NOWHERE, Loc

#: Headers of the shim: an inlined operation of theirs belongs to the line that uses it.
_SHIM = re.compile(r"(?:^|/)(?:hls_\w+\.h|ap_(?:int|uint|fixed)\w*\.h|detail/\w+\.h)$")


class DebugInfo:
    """Metadata nodes by number, decoded on demand."""

    def __init__(self, nodes: dict[str, str]) -> None:
        self._nodes = nodes
        self._locs: dict[str, Loc] = {}
        self._files: dict[str, str] = {}
        self._parameters: dict[str, dict[str, str]] = {}

    def node(self, number: str) -> str:
        """The text of a node, "" if there is none."""
        return self._nodes.get(number, "")

    def field(self, number: str, name: str) -> str:
        """A field of a node: the number of a referenced node or the text of a value."""
        found = re.search(rf'\b{name}: (?:!(\d+)|"((?:[^"\\]|\\.)*)"|(\w+))', self.node(number))
        return next((g for g in found.groups() if g is not None), "") if found else ""

    def loc(self, number: str) -> Loc:
        """Of a DILocation: the innermost frame outside the shim's headers."""
        if not number:
            return NOWHERE
        known = self._locs.get(number)
        if known is None:
            known = self._locs[number] = self._resolve(number)
        return known

    def _resolve(self, number: str) -> Loc:
        line = int(self.field(number, "line") or 0)
        file = self.file_of_scope(self.field(number, "scope"))
        inlined = self.field(number, "inlinedAt")
        if inlined and (line == 0 or _SHIM.search(file)):
            return self.loc(inlined)
        return Loc(file, line)

    def file_of_scope(self, number: str) -> str:
        """The file of a scope, relative to where clang ran."""
        if number not in self._files:
            file = self.field(number, "file")
            if not file:
                parent = self.field(number, "scope")
                self._files[number] = self.file_of_scope(parent) if parent and parent != number else ""
            else:
                name = self.field(file, "filename")
                self._files[number] = str(PurePath(name)) if name else ""
        return self._files[number]

    def variable(self, number: str) -> str:
        """Name of a DILocalVariable."""
        return self.field(number, "name")

    def parameters(self, subprogram: str) -> dict[str, str]:
        """The parameters of a DISubprogram: name -> number of the DILocalVariable."""
        if not self._parameters:
            for number, node in self._nodes.items():
                if "DILocalVariable(" in node and re.search(r"\barg: \d", node):
                    scope, name = self.field(number, "scope"), self.field(number, "name")
                    self._parameters.setdefault(scope, {})[name] = number
        return self._parameters.get(subprogram, {})

    def subprogram(self, number: str) -> tuple[str, Loc]:
        """Name and place of a DISubprogram."""
        return self.field(number, "name"), Loc(
            self.file_of_scope(number), int(self.field(number, "line") or 0)
        )

    def type_name(self, number: str) -> str:
        """Name of a variable's type, references, typedefs and const looked through."""
        for _ in range(20):
            node = self.node(number)
            if re.search(r"DW_TAG_(reference|const|typedef|pointer|volatile|rvalue_reference)\w*", node):
                number = self.field(number, "baseType")
                continue
            break
        return self.field(number, "name")

    def integer_type(self, number: str) -> tuple[int, bool] | None:
        """(bits, signed) of a type if it is an integer: built in, or an ``ap_int`` (one of 1 bit has 1)."""
        for _ in range(20):
            node = self.node(number)
            if not re.search(r"DW_TAG_(reference|const|typedef|volatile|rvalue_reference)\w*", node):
                break
            number = self.field(number, "baseType")
        wrapped = re.match(r"ap_int_base<(\d+), (\w+)>", self.field(number, "name"))
        if wrapped:
            return int(wrapped[1]), wrapped[2] == "true"
        encoding = self.field(number, "encoding")
        if encoding == "DW_ATE_boolean":
            return 1, False
        if encoding:
            return int(self.field(number, "size")), encoding in ("DW_ATE_signed", "DW_ATE_signed_char")
        return None
