# SPDX-License-Identifier: Apache-2.0
"""What several tests do with the page of `edgemoe demo`."""

import json

from browser import Tab

RESULT = "#result article"
ANSWER = f"document.querySelector('{RESULT}')?.dataset.answer"
"""The result that is seen: each run's is another, even where it looks the same."""


def press(tab: Tab) -> None:
    """Press Run."""
    tab.run("document.querySelector('#run').click()")


def result_of(tab: Tab, name: str) -> None:
    """Wait for the result of the image of that name."""
    tab.wait(f"document.querySelector('{RESULT}[aria-label=\"Result of {name}\"]')")


def refused(tab: Tab, words: str) -> None:
    """Wait for a refusal that says this."""
    tab.wait(f"document.querySelector('#state [role=alert]')?.textContent.includes({json.dumps(words)})")


def newer(tab: Tab, before: str) -> None:
    """Wait for another result than that one, and that nothing is said beside it."""
    tab.wait(f"{ANSWER} !== {json.dumps(before)}")
    assert tab.run("document.querySelector('#state').textContent.trim()") == ""


def again(tab: Tab) -> None:
    """Run what is chosen, and wait for its result."""
    before = tab.run(ANSWER)
    press(tab)
    newer(tab, before)
