"""spoken: what migration code raised or printed, as text that a person, a page and a terminal can take."""

from __future__ import annotations

import re

LONGEST = 2000  # characters
# Sequences that colour or move about in a terminal, and other signs that nobody can see.
ESCAPE = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\-_])")
UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def spoken(text: str) -> str:
    """Return a text without terminal sequences and unseen signs, cut where it is too long to read."""
    plain = UNSEEN.sub("\N{REPLACEMENT CHARACTER}", ESCAPE.sub("", text[: 4 * LONGEST]))
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1]}…"
