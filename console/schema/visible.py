"""visible: a text in which nothing hides: signs that steer a terminal, or turn a line around, as their numbers.

A text with them can show another order of words than the one that is executed ("Trojan Source",
CVE-2021-42574), colour what is printed, or overwrite it.
"""

from __future__ import annotations

import re

# Control signs but for the tab and the end of a line, and those that embed, override or isolate a direction.
HIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]|\r(?!\n)")


def visible(text: str) -> str:
    r"""Return a text with such signs as JSON writes them: "\u202e". The rest of it stays as it is."""
    return HIDDEN.sub(lambda found: rf"\u{ord(found[0]):04x}", text)
