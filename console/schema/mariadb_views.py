"""mariadb_views: what a view of MariaDB or MySQL says, in the same words whenever it was made.

The server writes joins without brackets when a view is made from some of them, and with brackets from
then on that it is loaded from a dump: of one view, and of its copy.
"""

from __future__ import annotations

import re

WORD = re.compile(
    r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|`(?:[^`]|``)*`|\w+|\s+|.", re.DOTALL
)
BEFORE_TABLES = frozenset(["from", "join", "straight_join"])


def without_brackets(definition: str) -> str:
    """Return a definition without the brackets around joined tables, as the server writes them anew."""
    words = WORD.findall(definition)
    kept: list[str] = []
    opened: list[bool] = []  # whether a bracket that is open is of joined tables
    before = ""  # the last word that is no blank; "(" only where it was kept
    for number, word in enumerate(words):
        if word == "(":
            begins = next((w.lower() for w in words[number + 1 :] if not w.isspace()), "")
            opened.append(before in BEFORE_TABLES and begins != "select")
        is_of_join = opened.pop() if word == ")" and opened else word == "(" and opened[-1]
        if not is_of_join:
            kept.append(word)
            before = before if word.isspace() else word.lower()
    return "".join(kept)
