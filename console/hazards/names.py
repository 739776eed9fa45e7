"""names: dotted names in syntax trees."""

from __future__ import annotations

import ast


def dotted(node: ast.expr) -> str:
    """Return "os.environ" for that expression; "" for what is no dotted name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""
