# SPDX-License-Identifier: Apache-2.0
"""Makes a failing program small: leaves out runs of statements, members and functions, opens blocks, simplifies."""

from __future__ import annotations

from collections.abc import Callable

from fuzzing.tree import Node, walk

Fails = Callable[[Node], bool]


def shrink(root: Node, fails: Fails, *, tries: int = 400) -> Node:
    """The smallest tree found in ``tries`` calls of ``fails`` for which it still holds."""
    attempt = _Attempt(root.copy(), fails, tries)
    while attempt.left > 0 and (_delete(attempt) | _open(attempt) | _simplify(attempt)):
        pass
    return attempt.root


class _Attempt:
    def __init__(self, root: Node, fails: Fails, tries: int) -> None:
        self.root, self.fails, self.left = root, fails, tries

    def keep(self, change: Callable[[], None], undo: Callable[[], None]) -> bool:
        """Makes a change; takes it back when the program no longer fails."""
        if self.left <= 0:
            return False
        self.left -= 1
        change()
        if self.fails(self.root):
            return True
        undo()
        return False


def _delete(attempt: _Attempt) -> bool:
    """Leaves out runs of children, long runs first, those at the end first."""
    changed = False
    for node in list(walk(attempt.root)):
        length = len(node.children)
        while length:
            at = len(node.children) - length
            while at >= 0:
                changed |= _without(attempt, node, at, at + length)
                at = min(at - length, len(node.children) - length)
            length //= 2
    return changed


def _without(attempt: _Attempt, node: Node, first: int, last: int) -> bool:
    before = node.children
    rest = [c for k, c in enumerate(before) if not first <= k < last or c.fixed]
    if len(rest) == len(before):
        return False
    return attempt.keep(lambda: setattr(node, "children", rest), lambda: setattr(node, "children", before))


def _open(attempt: _Attempt) -> bool:
    """Puts the children of a block in its place."""
    changed = False
    for parent in list(walk(attempt.root)):
        for child in list(parent.children):
            if child.tail and child.children and not child.fixed and child in parent.children:
                at = parent.children.index(child)
                before = parent.children
                opened = [*before[:at], *child.children, *before[at + 1 :]]
                changed |= attempt.keep(
                    lambda p=parent, o=opened: setattr(p, "children", o),
                    lambda p=parent, b=before: setattr(p, "children", b),
                )
    return changed


def _simplify(attempt: _Attempt) -> bool:
    changed = False
    for node in list(walk(attempt.root)):
        for number, text in enumerate(node.simpler):
            head, simpler = node.head, node.simpler

            def change(n: Node = node, t: str = text, rest: tuple[str, ...] = simpler[:number]) -> None:
                n.head, n.simpler = t, rest

            def undo(n: Node = node, h: str = head, s: tuple[str, ...] = simpler) -> None:
                n.head, n.simpler = h, s

            if attempt.keep(change, undo):
                changed = True
                break
    return changed
