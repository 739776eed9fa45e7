"""names: dotted names in syntax trees, and names in SQL that is made up to be judged."""

from __future__ import annotations

import ast
import re

PLAIN = re.compile(r"[\w$]+|…")


def dotted(node: ast.expr) -> str:
    """Return "os.environ" for that expression; "" for what is no dotted name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


def quoted(name: str | None) -> str:
    """Return a name of a table or column between quotes where it needs them anywhere; "…" for none."""
    if not name or PLAIN.fullmatch(name):
        return name or "…"
    return '"' + name.replace('"', '""') + '"'
