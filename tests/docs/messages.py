# SPDX-License-Identifier: Apache-2.0
"""The messages that the package can give its user, read from its sources, and the rows of the page about them."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from pages import ROOT

PACKAGE = ROOT / "host" / "edgemoe"
PAGE = ROOT / "docs" / "how-to" / "when-it-goes-wrong.md"
ERRORS = {
    "UserError", "DeviceError", "MismatchError", "NotBuiltYetError", "CompileError", "NativeError", "OwnTurnError",
    "BusyError",
}  # fmt: skip
"""Exceptions whose text reaches the user. The text is the last argument."""
REPORTED = {"_error", "_refuse", "error", "refusal"}
"""Functions that raise one of them with the text that they get, or show it on the page of `edgemoe demo`."""
CLICK = {"BadParameter", "UsageError", "ClickException", "BadOptionUsage"}
RETURNED = {"faults.py"}
"""Files whose functions return the text for the user, or a text and an exit status."""
GAP = "…"
ROW = re.compile(
    r"^\| (?P<tick>`+) ?(?P<text>.+?) ?(?P=tick) \| (?P<cause>.+?) \| (?P<cure>.+?) \|$", re.MULTILINE
)


@dataclass(frozen=True)
class Message:
    """The text of one message with `…` for what changes, and where it is in the sources."""

    text: str
    place: str


def _text(node: ast.expr, function: ast.AST) -> list[str]:
    """The texts that an expression can have: literals as they are, everything else as a gap."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else GAP for part in node.values]
        return ["".join(str(part) for part in parts)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [a + b for a in _text(node.left, function) for b in _text(node.right, function)]
    if isinstance(node, ast.IfExp):
        return _text(node.body, function) + _text(node.orelse, function)
    if isinstance(node, ast.Name):
        made = [
            text
            for assigned in ast.walk(function)
            if isinstance(assigned, ast.Assign)
            and any(isinstance(target, ast.Name) and target.id == node.id for target in assigned.targets)
            for text in _text(assigned.value, ast.Module([], []))
        ]
        return made or [GAP]
    return [GAP]


def _calls(tree: ast.Module) -> list[tuple[ast.Call, str, ast.AST]]:
    """Each call that makes an error, the name of what is called, and the function that it stands in."""
    found = []
    scopes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    for scope in scopes:
        for node in ast.walk(scope):
            if isinstance(node, ast.Call) and node.args:
                name = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                if name in ERRORS | REPORTED | CLICK:
                    found.append((node, name, scope))
    return found


def of_source(text: str, place: str) -> list[Message]:
    """The messages of one file's text; calls that only hand a text on (a gap alone) are left out."""
    found = []
    for call, name, scope in sorted(_calls(ast.parse(text)), key=lambda found: found[0].lineno):
        for made in _text(call.args[0 if name in CLICK else -1], scope):
            whole = " ".join(made.split()) + (" is not built yet." if name == "NotBuiltYetError" else "")
            if whole.replace(GAP, "").strip(" .:()"):
                found.append(Message(whole, f"{place}:{call.lineno}"))
    if place in RETURNED:
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Return) and node.value is not None:
                value = node.value.elts[0] if isinstance(node.value, ast.Tuple) else node.value
                found += [
                    Message(made, f"{place}:{node.lineno}") for made in _text(value, node) if made != GAP
                ]
    return list(dict.fromkeys(found))


def all_messages() -> list[Message]:
    """Every message of the package."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        found += of_source(path.read_text(), path.relative_to(PACKAGE).as_posix())
    return found


def rows(page: Path = PAGE) -> list[str]:
    """The message column of the page's tables."""
    return [row["text"].replace("\\|", "|") for row in ROW.finditer(page.read_text())]


def covers(row: str, message: str) -> bool:
    """Whether all pieces of a row, between its gaps, stand in a message in this order."""
    at = 0
    for piece in filter(None, (" ".join(piece.split()) for piece in row.split(GAP))):
        found = message.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return True
