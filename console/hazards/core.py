"""core: SQLAlchemy's statements as a revision file builds them, as SQL without their values.

What is computed is "…": a table without a name, a value, the rest of a text.
"""

# ruff: noqa: S608 - the SQL is text to look at, never executed

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from console.hazards.names import dotted, quoted
from console.schema.sqltext import tokens

MARK = "…"
MODULES = frozenset(
    {"", "sa", "sqlalchemy", "sql", "expression", "orm", "postgresql", "mysql", "sqlite"}
)
VERBS = ("update", "delete", "insert")
SENT = (*VERBS, "text", "select")
ALWAYS = frozenset({"true", "sa.true", "sqlalchemy.true", "sa.sql.true"})
NARROWS = frozenset({"where", "filter", "filter_by"})
CLEANS = frozenset({"dedent", "cleandoc"})
TRIMS = frozenset({"strip", "lstrip", "rstrip"})
FORMATS = re.compile(r"%(?:\(\w+\))?[-+ #0]*\d*(?:\.\d+)?[a-zA-Z]|(%%)")
# Words that a value follows; what follows another one may be anything.
BEFORE_VALUES = frozenset(
    [
        "IN",
        "LIKE",
        "THEN",
        "ELSE",
        "BETWEEN",
        "AND",
        "OR",
        "NOT",
        "ON",
        "WHERE",
        "VALUES",
        "LIMIT",
        "DEFAULT",
        "SELECT",
    ]
)
FIELDS = re.compile(r"\{\{|\}\}|\{[^{}]*\}")


def spoken(node: ast.expr | None) -> str | None:
    """Return what an expression sends as SQL; None where nothing of it can be told."""
    text = _written(node)
    if text is not None:
        return text if text.strip(MARK + " ") else None
    root, calls = _chain(node)
    verb, table = _begun(root, calls)
    if verb == "select":
        return f"SELECT {MARK}"
    if verb == "text" and isinstance(root, ast.Call):
        return spoken(root.args[0]) if root.args else None
    if verb not in VERBS:
        return None
    where = f" WHERE {MARK}" if any(map(_narrows, calls)) or _narrows_itself(root, verb) else ""
    if verb == "update":
        columns = [f"{quoted(name)} = {MARK}" for name in dict.fromkeys(_columns(calls))]
        return f"UPDATE {table} SET {', '.join(columns) or f'({MARK}) = ({MARK})'}{where}"
    if verb == "delete":
        return f"DELETE FROM {table}{where}"
    is_copied = any(_method(call) == "from_select" for call in calls)
    return f"INSERT INTO {table} {f'SELECT {MARK}' if is_copied else f'VALUES {_rows(calls)}'}"


def queried(call: ast.Call) -> str | None:
    """Return what the update() or delete() of a query sends: session.query(Product).delete()."""
    _, calls = _chain(call)
    first = next((one for one in calls if _method(one) == "query"), None)
    if _method(call) not in ("update", "delete") or first is None or not first.args:
        return None
    table = table_in(first.args[0]) or MARK
    where = f" WHERE {MARK}" if any(map(_narrows, calls)) else ""
    if _method(call) == "delete":
        return f"DELETE FROM {table}{where}"
    return f"UPDATE {table} SET ({MARK}) = ({MARK}){where}"


def table_in(node: ast.expr | None) -> str | None:
    """Return the table that an expression stands for in SQL: sa.table("products"), with its schema
    before it; None where it has no name in the file."""
    names = _table_in(node)
    return ".".join(quoted(name) for name in names if name) if names else None


def _table_in(node: ast.expr | None) -> tuple[str | None, str] | None:
    """(schema, name) of the same."""
    if isinstance(node, ast.Attribute) and node.attr in ("__table__", "c", "columns"):
        return _table_in(node.value)
    if isinstance(node, ast.Subscript):  # metadata.tables["products"]
        is_tables = isinstance(node.value, ast.Attribute) and node.value.attr == "tables"
        text = _constant(node.slice) if is_tables else None
        owner, _, plain = (text or "").rpartition(".")
        return (owner or None, plain) if text else None
    if not isinstance(node, ast.Call):
        return None
    owner, _, name = dotted(node.func).rpartition(".")
    is_table = name in ("table", "Table") and owner.rpartition(".")[2] in MODULES
    if not is_table and (owner, name) != ("op", "create_table"):
        return None
    named = [k.value for k in node.keywords if k.arg in ("name", "table_name")]
    text = next((_constant(value) for value in (*node.args[:1], *named)), None)
    schema = next((_constant(k.value) for k in node.keywords if k.arg == "schema"), None)
    return (schema, text) if text else None


def as_table(node: ast.expr) -> ast.expr | None:
    """Return an expression for a table as short as it can be: sa.table("products")."""
    names = _table_in(node)
    return _table(*names) if names else None


def mapped(node: ast.ClassDef) -> ast.expr | None:
    """Return the table of a model that a file has for itself, in the same words."""
    for line in node.body:
        targets = line.targets if isinstance(line, ast.Assign) else []
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        if isinstance(line, ast.Assign) and "__tablename__" in names:
            name = _constant(line.value)
            return _table(None, name) if name else None
        if isinstance(line, ast.Assign) and "__table__" in names:
            return as_table(line.value)
    return None


def is_statement(node: ast.expr) -> bool:
    """Whether an expression is a statement that may stand where a name of it is used."""
    root, calls = _chain(node)
    return isinstance(root, ast.Call) and _begun(root, calls)[0] in SENT


def is_open(sql: str) -> bool:
    """Whether something is computed in a statement that is more than a value: a name, a condition."""
    before = ("word", "")
    for kind, text in tokens(sql):
        ends = before[0] != "sign" or before[1] == ")"
        if text == MARK and ends and before[1].upper() not in BEFORE_VALUES:
            return True
        before = (kind, text)
    return False


def rows_in(node: ast.expr | None) -> int | None:
    """Return how many rows a list that is written out has."""
    if isinstance(node, (ast.List, ast.Tuple)):
        is_open = any(isinstance(item, ast.Starred) for item in node.elts)
        return None if is_open else len(node.elts)
    return 1 if isinstance(node, ast.Dict) else None


def _table(schema: str | None, name: str) -> ast.expr:
    code = f"sa.table({name!r}, schema={schema!r})" if schema else f"sa.table({name!r})"
    return ast.parse(code, mode="eval").body


def _chain(node: ast.expr | None) -> tuple[ast.expr | None, list[ast.Call]]:
    """What a chain of calls begins with, and its methods from the last to the first."""
    calls: list[ast.Call] = []
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        owner = dotted(node.func.value)
        if (
            owner
            and owner.rpartition(".")[2] in MODULES
            and node.func.attr in (*SENT, "table", "Table")
        ):
            break
        calls.append(node)
        node = node.func.value
    return node, calls


def _begun(root: ast.expr | None, calls: list[ast.Call]) -> tuple[str, str]:
    """(what is done, the table) of a chain: sa.update(products), or products.update()."""
    name = dotted(root.func).rpartition(".")[2] if isinstance(root, ast.Call) else ""
    if isinstance(root, ast.Call) and name in SENT:
        named = [k.value for k in root.keywords if k.arg in ("table", "entity")]
        tables = [table_in(one) for one in (*root.args[:1], *named)]
        return name, next((table for table in tables if table), MARK)
    first = _method(calls[-1]) if calls else ""
    return first if first in (*VERBS, "select") else "", table_in(root) or MARK


def _method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _narrows(call: ast.Call) -> bool:
    """Whether a method leaves rows out."""
    if _method(call) in VERBS:
        return any(k.arg == "whereclause" for k in call.keywords)
    return _method(call) in NARROWS and not all(map(_is_always, call.args or [ast.Constant(0)]))


def _narrows_itself(root: ast.expr | None, verb: str) -> bool:
    """Whether sa.update(products, …) has a condition of its own."""
    if not isinstance(root, ast.Call) or dotted(root.func).rpartition(".")[2] != verb:
        return False
    return len(root.args) > 1 or any(k.arg == "whereclause" for k in root.keywords)


def _is_always(node: ast.expr) -> bool:
    """Whether a condition holds for every row."""
    if isinstance(node, ast.Constant):
        return node.value is True
    return isinstance(node, ast.Call) and dotted(node.func) in ALWAYS


def _columns(calls: list[ast.Call]) -> Iterator[str]:
    """The columns that values() gives something."""
    for call in calls:
        if _method(call) != "values":
            continue
        yield from (keyword.arg or MARK for keyword in call.keywords)
        for given in call.args:
            for key in given.keys if isinstance(given, ast.Dict) else ():
                plain = key.attr if isinstance(key, ast.Attribute) else _constant(key)
                yield plain or MARK


def _rows(calls: list[ast.Call]) -> str:
    """What values() adds, a pair of brackets a row; "…" where that is not known."""
    values = next((call for call in calls if _method(call) == "values"), None)
    if values is None:
        return MARK
    count = rows_in(values.args[0]) if values.args else 1
    return ", ".join([f"({MARK})"] * count) if count else MARK


def _written(node: ast.expr | None) -> str | None:
    """A text with "…" for what is computed in it; None for what is no text."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(_written(part) or MARK for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        one, other = _written(node.left), _written(node.right)
        return None if one is None and other is None else f"{one or MARK}{other or MARK}"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        text = _written(node.left)
        return FORMATS.sub(lambda f: "%" if f[1] else MARK, text) if text is not None else None
    if isinstance(node, ast.Call):
        name = dotted(node.func).rpartition(".")[2] or _method(node)
        if name == "format" and isinstance(node.func, ast.Attribute):
            text = _written(node.func.value)
            return FIELDS.sub(_field, text) if text is not None else None
        if name in CLEANS:
            return _written(node.args[0]) if node.args else None
        if name in TRIMS and isinstance(node.func, ast.Attribute):
            return _written(node.func.value)
    return None


def _field(found: re.Match[str]) -> str:
    return {"{{": "{", "}}": "}"}.get(found[0], MARK)


def _constant(node: ast.expr | None) -> str | None:
    if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in ("f", "quoted_name"):
        node = node.args[0] if node.args else None
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None
