"""reaching: where a revision file reaches for the database, by its syntax tree."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence

from console.hazards.names import dotted
from console.hazards.reading import ARGUMENTS

INSPECTS = frozenset(
    {"sa.inspect", "sqlalchemy.inspect", "inspect", "Inspector.from_engine", "reflection.Inspector"}
)
# What the stand-in for a connection has, which Alembic's SQL preview gives: it writes out what it is
# to execute, and returns nothing. Measured with Alembic 1.20.
KNOWN_OFFLINE = ("dialect", "engine", "name")
EXECUTES = frozenset(
    {
        "execute", "exec_driver_sql", "executemany", "scalar", "scalars", "run_sync", "commit", "flush",
        "bulk_save_objects", "bulk_insert_mappings", "create_all", "drop_all", "create", "drop", "add_all",
    }
)  # fmt: skip


def asks(tree: ast.Module) -> Iterator[int]:
    """Yield the lines that need an answer of the database: those that Alembic's preview cannot give."""
    above = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.Module)):
            binds = _binds(node, above)
            for use in binds:
                if not _is_harmless(use, above):
                    yield use.lineno
        if isinstance(node, ast.Call) and dotted(node.func) in INSPECTS:
            yield node.lineno


def _binds(scope: ast.FunctionDef | ast.Module, above: Mapping[ast.AST, ast.AST]) -> list[ast.expr]:
    """Every use of op.get_bind() that belongs to a function itself: the call, or a name for it."""
    own = [node for node in ast.walk(scope) if _scope(node, above) is scope]
    calls = [n for n in own if isinstance(n, ast.Call) and dotted(n.func) == "op.get_bind"]
    names = {
        target.id
        for call in calls
        if isinstance(above[call], ast.Assign)
        for target in above[call].targets  # type: ignore[attr-defined]  # one by the line above
        if isinstance(target, ast.Name)
    }
    uses: list[ast.expr] = [c for c in calls if not isinstance(above[c], (ast.Assign, ast.Expr))]
    uses += [
        n for n in own if isinstance(n, ast.Name) and n.id in names and isinstance(n.ctx, ast.Load)
    ]
    return uses


def _scope(node: ast.AST, above: Mapping[ast.AST, ast.AST]) -> ast.AST | None:
    """The function or module that a node stands in."""
    up = above.get(node)
    while up is not None and not isinstance(up, (ast.FunctionDef, ast.Module)):
        up = above.get(up)
    return up


def _is_harmless(use: ast.expr, above: Mapping[ast.AST, ast.AST]) -> bool:
    """Whether the preview's stand-in can do what is asked of a connection here."""
    attribute = above.get(use)
    if not isinstance(attribute, ast.Attribute):
        return False
    if attribute.attr in KNOWN_OFFLINE:
        return True
    call = above.get(attribute)
    is_sent = attribute.attr == "execute" and isinstance(call, ast.Call)
    return is_sent and isinstance(above.get(call or use), ast.Expr)


def reaches(body: Sequence[ast.stmt], tree: ast.Module) -> bool:
    """Whether some statements may change the database: by an operation, by something that executes,
    or by a function of which nobody can tell."""
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    return _reaches(body, functions, _foreign(tree), set())


def _reaches(
    body: Sequence[ast.stmt],
    functions: Mapping[str, ast.FunctionDef],
    foreign: frozenset[str],
    seen: set[str],
) -> bool:
    calls = (n for statement in body for n in ast.walk(statement) if isinstance(n, ast.Call))
    for call in calls:
        name = dotted(call.func)
        attribute = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if attribute in EXECUTES or attribute in ARGUMENTS or name.partition(".")[0] in foreign:
            return True
        if name in functions and name not in seen:
            seen.add(name)
            if _reaches(functions[name].body, functions, foreign, seen):
                return True
    return False


def _foreign(tree: ast.Module) -> frozenset[str]:
    """The names that a file imports from elsewhere than Python, Alembic and SQLAlchemy."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {
                a.asname or a.name.partition(".")[0] for a in node.names if _is_foreign(a.name)
            }
        elif isinstance(node, ast.ImportFrom) and (node.level or _is_foreign(node.module or "")):
            found |= {alias.asname or alias.name for alias in node.names}
    return frozenset(found)


def _is_foreign(module: str) -> bool:
    top = module.partition(".")[0]
    return top not in sys.stdlib_module_names and top not in ("alembic", "sqlalchemy")
