"""written: what an expression comes to, as far as that is written out in its file."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Mapping
from typing import Any

from console.hazards.names import dotted

Known = Mapping[str, ast.expr]  # what names stand for

NAMED = ("dialect", "engine")  # whose .name is that of the database
MAKES_TEXT = ("format", "join", "strip", "upper", "lower", "replace")
CONVERSIONS: Mapping[int, Callable[[Any], Any]] = {
    -1: lambda value: value, ord("s"): str, ord("r"): repr, ord("a"): ascii,
}  # fmt: skip


class Putter(ast.NodeTransformer):
    """Puts what is known in place of names, and of texts that are made of it."""

    def __init__(self, known: Known, dialect: str) -> None:
        self.known, self.dialect = known, dialect

    def visit_Name(self, node: ast.Name) -> ast.expr:
        value = self.known.get(node.id) if isinstance(node.ctx, ast.Load) else None
        return ast.copy_location(copy.deepcopy(value), node) if value is not None else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        node.value = self.visit(node.value)
        if node.attr == "name" and is_dialect(node.value):
            return ast.copy_location(ast.Constant(self.dialect), node)
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        self.generic_visit(node)
        parts = [_piece(value) for value in node.values]
        if any(part is None for part in parts):
            return node
        return ast.copy_location(ast.Constant("".join(part or "" for part in parts)), node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        left, right = text_of(node.left), text_of(node.right)
        if isinstance(node.op, ast.Mod) and left is not None and is_written_out(node.right):
            return _filled(node, left.__mod__, ast.literal_eval(node.right))
        if not isinstance(node.op, ast.Add) or left is None or right is None:
            return node
        return ast.copy_location(ast.Constant(left + right), node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        text = text_of(node.func.value) if isinstance(node.func, ast.Attribute) else None
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        is_open = any(keyword.arg is None for keyword in node.keywords)
        if text is None or is_open or not all(map(is_written_out, given)):
            return node
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if method not in MAKES_TEXT:
            return node
        values = [ast.literal_eval(argument) for argument in node.args]
        named = {k.arg: ast.literal_eval(k.value) for k in node.keywords if k.arg}
        return _filled(node, getattr(text, method), *values, **named)


def is_written_out(node: ast.expr) -> bool:
    """Return whether a value is a constant, or a list of such."""
    if isinstance(node, ast.Set):
        return all(isinstance(item, ast.Constant) for item in node.elts)
    if isinstance(node, (ast.List, ast.Tuple)):
        return all(is_written_out(item) for item in node.elts)
    return isinstance(node, ast.Constant)


def _filled(node: ast.expr, make: Callable[..., str], *values: Any, **named: Any) -> ast.expr:
    """A text with values put in; the expression as it stands where that fails."""
    try:
        return ast.copy_location(ast.Constant(make(*values, **named)), node)
    except (TypeError, ValueError, LookupError, AttributeError):
        return node


def is_connection(node: ast.expr) -> bool:
    """Return whether an expression is the connection of a migration."""
    return isinstance(node, ast.Call) and dotted(node.func) == "op.get_bind"


def is_dialect(node: ast.expr) -> bool:
    """Return whether an expression is the dialect of a connection: op.get_bind().dialect."""
    return isinstance(node, ast.Attribute) and node.attr in NAMED


def holds(test: ast.expr) -> bool | None:
    """Return whether a condition holds; None where that cannot be told."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = holds(test.operand)
        return None if inner is None else not inner
    if isinstance(test, ast.BoolOp):
        found, decides = [holds(part) for part in test.values], isinstance(test.op, ast.Or)
        if decides in found:
            return decides
        return None if None in found else not decides
    if isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute):
        return _begins(test, test.func)
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return None
    left, right, operator = test.left, test.comparators[0], test.ops[0]
    if not (is_written_out(left) and is_written_out(right)):
        return None
    one, other = ast.literal_eval(left), ast.literal_eval(right)
    other = list(other) if isinstance(other, set) else other
    if isinstance(operator, (ast.Eq, ast.NotEq)):
        return (one == other) is isinstance(operator, ast.Eq)
    is_text = isinstance(one, str) and isinstance(other, str)
    if isinstance(operator, (ast.In, ast.NotIn)) and (is_text or isinstance(other, (tuple, list))):
        return (one in other) is isinstance(operator, ast.In)
    return None


def _begins(call: ast.Call, method: ast.Attribute) -> bool | None:
    """Whether a text that is known begins with another one."""
    text, start = text_of(method.value), text_of(call.args[0]) if len(call.args) == 1 else None
    if method.attr != "startswith" or text is None or start is None:
        return None
    return text.startswith(start)


def _piece(node: ast.expr) -> str | None:
    """A part of an f-string as text; None where it is not known."""
    if not isinstance(node, ast.FormattedValue):
        return text_of(node)
    shape = "" if node.format_spec is None else text_of(node.format_spec)
    if not isinstance(node.value, ast.Constant) or shape is None:
        return None
    try:
        return format(CONVERSIONS[node.conversion](node.value.value), shape)
    except (TypeError, ValueError):
        return None


def text_of(node: ast.expr) -> str | None:
    """Return the text that an expression is, where it is one."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
