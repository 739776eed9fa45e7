"""binding: the names to which statements give values, and whether these are still theirs later."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence


def bound(body: Sequence[ast.stmt]) -> Iterator[str]:
    """Every name that these statements give a value to, once for each time."""
    for node in (inner for statement in body for inner in ast.walk(statement)):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.alias):
            yield node.asname or node.name


def rebound(tree: ast.Module) -> Iterator[str]:
    """Every name to which a function gives a value outside of it."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            yield from node.names


def altered(tree: ast.Module, functions: Mapping[str, ast.FunctionDef]) -> set[str]:
    """Every name whose list may not stay as it was written: one of its methods is called, an item is
    set, or a function of the file is given it that does so."""
    found, calls = set(), []
    for node in ast.walk(tree):
        place: ast.expr | None = None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            place = node.func.value
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            place = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            calls.append((node.func.id, [*node.args, *(k.value for k in node.keywords)]))
        if isinstance(place, ast.Name):
            found.add(place.id)
    alter = {name for name, function in functions.items() if found & parameters(function)}
    given = (value for name, values in calls if name in alter for value in values)
    return found | {value.id for value in given if isinstance(value, ast.Name)}


def parameters(function: ast.FunctionDef) -> set[str]:
    """The names of what a function is given."""
    found = function.args
    return {a.arg for a in (*found.posonlyargs, *found.args, *found.kwonlyargs)}


def assigned(node: ast.AST) -> tuple[str | None, ast.expr | None]:
    """(name, value) of a plain assignment."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        return (target.id if isinstance(target, ast.Name) else None), node.value
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id, node.value
    return None, None
