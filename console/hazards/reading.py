"""reading: Alembic's operations as a revision file writes them, read without running it.

What is written out is taken down; what is computed is left out and not guessed: a table or column
without a name is "…", and so is what is computed of a statement, which is marked. Branches for other
databases are passed over (see `folding`); operations inside any other `if` or loop count once.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

from console.hazards.core import MARK, is_open, queried, rows_in, spoken, table_in
from console.hazards.folding import fold
from console.hazards.names import dotted, quoted
from console.schema.statement import Operation

# The names of positional arguments; in batch mode the one called "table" is not there.
ARGUMENTS = {
    "create_table": ("table",),
    "drop_table": ("table",),
    "rename_table": ("table", "new_name"),
    "add_column": ("table", "column"),
    "drop_column": ("table", "column"),
    "alter_column": ("table", "column"),
    "create_index": ("name", "table", "columns"),
    "drop_index": ("name", "table"),
    "create_unique_constraint": ("name", "table", "columns"),
    "create_primary_key": ("name", "table", "columns"),
    "create_foreign_key": ("name", "table", "referent", "columns", "remote_columns"),
    "create_check_constraint": ("name", "table", "condition"),
    "drop_constraint": ("name", "table", "type"),
    "bulk_insert": ("table", "rows"),
}
KEYWORDS = {
    "table_name": "table", "old_table_name": "table", "source_table": "table",
    "column_name": "column", "new_table_name": "new_name", "new_column_name": "new_name",
    "index_name": "name", "constraint_name": "name", "referent_table": "referent",
    "local_cols": "columns", "remote_cols": "remote_columns", "sqltext": "sql", "type_": "type",
    "server_default": "default", "existing_server_default": "existing_default",
    "postgresql_concurrently": "concurrently", "postgresql_not_valid": "not_valid",
    "postgresql_where": "where", "sqlite_where": "where", "source_schema": "schema",
    "postgresql_nulls_not_distinct": "nulls_not_distinct",
}  # fmt: skip
MODULES = {"postgresql": postgresql, "mysql": mysql, "sqlite": sqlite}
TYPES = ("type", "existing_type")
DEFAULTS = ("default", "existing_default")
UNNAMED = MARK
EXECUTES = ("execute", "exec_driver_sql", "scalar", "scalars")
# What people call what sends statements, where it is not op.get_bind() itself.
SENDERS = frozenset({"op", "bind", "conn", "connection", "session", "cursor", "cur", "db"})
STORES = frozenset(
    {"add", "add_all", "merge", "bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings"}
)  # a session's ways to write rows that nobody sees in the file
ADDS = ("add_column", "create_index", "drop_index")


@dataclass(frozen=True)
class Read:
    """An operation, and the line of the file that it begins in."""

    operation: Operation
    line: int


def read_operations(
    tree: ast.Module, revision: str, function: str, dialect: Dialect, engine: str | None = None
) -> tuple[Read, ...]:
    """Return what `upgrade` or `downgrade` does, in order; types are spelled as `dialect` does.
    `engine` is the name that they are called with, if any (see `fold`)."""
    body = fold(tree, function, dialect.name, engine)
    return tuple(_Reader(revision, dialect).read(body, {}))


class _Reader:
    """Reads one function."""

    def __init__(self, revision: str, dialect: Dialect) -> None:
        self.revision, self.dialect = revision, dialect

    def read(self, body: Sequence[ast.stmt], batches: dict[str, str]) -> Iterator[Read]:
        """Every operation of some statements; `batches` are the batch objects and their tables."""
        for node in body:
            known, opened = dict(batches), []
            for item in node.items if isinstance(node, ast.With) else ():
                table = self._batch_table(item.context_expr)
                if table is not None and isinstance(item.optional_vars, ast.Name):
                    known[item.optional_vars.id] = table
                    opened.append((table, item.context_expr))
            if isinstance(node, (ast.With, ast.If, ast.For, ast.While, ast.Try)):
                found = [*self._calls(_head(node), known), *self.read(_blocks(node), known)]
            else:
                found = list(self._calls([node], known))
            yield from found
            for table, call in opened:
                rebuilds = any(
                    r.operation.table == table and r.operation.name not in ADDS for r in found
                )
                details = (("rebuilds", "yes" if rebuilds else "no"),)
                made = Operation(self.revision, "batch_alter_table", table, details=details)
                yield Read(made, call.lineno)

    def _calls(self, nodes: Sequence[ast.AST], batches: dict[str, str]) -> Iterator[Read]:
        """What the calls in some nodes do, in order."""
        for call in (inner for node in nodes for inner in ast.walk(node)):
            if isinstance(call, ast.Call):
                read = self._operation(call, batches) or self._sent(call)
                if read:
                    yield read

    def _sent(self, call: ast.Call) -> Read | None:
        """A statement that a call sends by a connection or a session; None for any other call."""
        method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        if method in STORES and dotted(call.func) == f"session.{method}":
            return self._statement(None, None, call)
        if method not in EXECUTES:
            text = queried(call)
            return self._statement(text, None, call) if text else None
        statement = next(iter(call.args), None)
        named = [k.value for k in call.keywords if k.arg in ("statement", "sqltext", "sql")]
        text = spoken(statement or next(iter(named), None))
        if text is None and not _sends(owner):
            return None
        return self._statement(text, call.args[1] if len(call.args) > 1 else None, call)

    def _statement(self, text: str | None, rows: ast.expr | None, call: ast.Call) -> Read:
        """A statement as an operation; "computed" where not all of it is told."""
        details = [("sql", text.replace(r"\:", ":"))] if text else []  # as text() has it
        count = rows_in(rows)
        if text and count is not None and text.startswith("INSERT"):
            details.append(("rows", str(count)))
        if text is None or is_open(text):
            details.append(("computed", "yes"))
        return Read(Operation(self.revision, "execute", None, None, tuple(details)), call.lineno)

    def _batch_table(self, call: ast.expr) -> str | None:
        if not isinstance(call, ast.Call) or dotted(call.func) != "op.batch_alter_table":
            return None
        named = [k.value for k in call.keywords if k.arg == "table_name"]
        return next((_text(argument) for argument in (*call.args[:1], *named)), None)

    def _operation(self, call: ast.Call, batches: dict[str, str]) -> Read | None:
        """One call as an operation; None for any other call."""
        owner, _, name = dotted(call.func).rpartition(".")
        if name not in ARGUMENTS or (owner != "op" and owner not in batches):
            return None
        is_batch = owner in batches
        names = [n for n in ARGUMENTS[name] if not (is_batch and n == "table")]
        given: dict[str, ast.expr] = dict(zip(names, call.args, strict=False))
        for keyword in call.keywords:
            if keyword.arg:
                given[KEYWORDS.get(keyword.arg, keyword.arg)] = keyword.value
        table = batches[owner] if is_batch else _name(given, "table", name)
        details: dict[str, str] = {}
        column = None
        if name == "add_column":
            column, details = self._column(given.pop("column", None))
            column = column or UNNAMED
        elif name == "bulk_insert":
            table, count = table_in(call.args[0] if call.args else None), rows_in(given.get("rows"))
            table = table or _text(given.get("table")) or UNNAMED
            details |= {"rows": str(count)} if count is not None else {}
            given = {}
        elif name == "create_table":
            columns = [self._column(a) for a in call.args[1:] if _is(a, "Column")]
            details["columns"] = ", ".join(definition(n or "…", d) for n, d in columns)
        else:
            column = _name(given, "column", name)
        details |= {key: text for key, value in given.items() if (text := self._detail(key, value))}
        if is_batch:
            details["batch"] = "yes"
        made = Operation(self.revision, name, table, column, tuple(details.items()))
        return Read(made, call.lineno)

    def _detail(self, key: str, value: ast.expr) -> str | None:
        """An argument as text; None for what is computed, or means "leave it"."""
        if key in TYPES:
            return self._type(value) if not isinstance(value, ast.Constant) else _text(value)
        if key in DEFAULTS:
            return _default(value)
        if isinstance(value, ast.Constant) and isinstance(value.value, bool):
            return "yes" if value.value else "no"
        if isinstance(value, (ast.List, ast.Tuple)):
            texts = [_text(item) for item in value.elts]
            return ", ".join(text for text in texts if text) if all(texts) else None
        return _text(value)

    def _column(self, node: ast.expr | None) -> tuple[str | None, dict[str, str]]:
        """The name and details of a sa.Column(…)."""
        if not isinstance(node, ast.Call) or not _is(node, "Column"):
            return None, {}
        details: dict[str, str] = {"nullable": "yes"}
        for argument in node.args[1:]:
            if _is(argument, "ForeignKey") and isinstance(argument, ast.Call):
                details["references"] = _text(argument.args[0] if argument.args else None) or "…"
            elif _is(argument, "CheckConstraint") and isinstance(argument, ast.Call):
                details["check"] = _text(argument.args[0] if argument.args else None) or "…"
            elif _is(argument, "Computed"):
                details["computed"] = "yes"
            elif _is(argument, "Identity"):
                details["identity"] = "yes"
            elif kind := self._type(argument):
                details["type"] = kind
        for keyword in node.keywords:
            key = KEYWORDS.get(keyword.arg or "", keyword.arg or "")
            if text := self._detail(key, keyword.value):
                details[key] = text
        if details.get("primary_key") == "yes":
            details["nullable"] = "no"
        return _text(node.args[0] if node.args else None), details

    def _type(self, node: ast.expr) -> str | None:
        """A type of SQLAlchemy as this database spells it."""
        call = node if isinstance(node, ast.Call) else None
        owner, _, name = dotted(call.func if call else node).rpartition(".")
        module: Any = MODULES.get(owner.rpartition(".")[2], sa.types)
        kind = getattr(module, name, None) or getattr(sa.types, name, None)
        if not isinstance(kind, type) or not issubclass(kind, TypeEngine):
            return None
        try:
            positional = [ast.literal_eval(argument) for argument in call.args] if call else []
            keywords = (
                {k.arg: ast.literal_eval(k.value) for k in call.keywords if k.arg} if call else {}
            )
            return str(kind(*positional, **keywords).compile(dialect=self.dialect))
        except Exception:  # arguments that are computed, or that the type does not take
            return None


def _sends(owner: ast.expr | None) -> bool:
    """Whether an expression is what statements are sent by."""
    if isinstance(owner, ast.Call):
        return dotted(owner.func) == "op.get_bind"
    return owner is not None and dotted(owner).rpartition(".")[2] in SENDERS


def _head(node: ast.stmt) -> list[ast.expr]:
    """What stands before the blocks of a compound statement."""
    items = [item.context_expr for item in getattr(node, "items", ())]
    return [*items, *(getattr(node, n) for n in ("test", "iter") if hasattr(node, n))]


def _name(given: dict[str, ast.expr], key: str, operation: str) -> str | None:
    """The table or column that an operation is about; None where it is about none."""
    text = _text(given.pop(key, None))
    is_optional = operation == "drop_index"  # whose table few people name
    return text or (UNNAMED if key in ARGUMENTS[operation] and not is_optional else None)


def _blocks(node: ast.stmt) -> list[ast.stmt]:
    """The statements of all blocks of a compound statement, in order."""
    handlers = [inner for handler in getattr(node, "handlers", ()) for inner in handler.body]
    parts = (getattr(node, name, ()) for name in ("body", "orelse", "finalbody"))
    body, *others = parts
    return [*body, *handlers, *(inner for part in others for inner in part)]


def definition(name: str, details: dict[str, str]) -> str:
    """Return a column as SQL: "price NUMERIC(10, 2) DEFAULT 0 NOT NULL"."""
    words = [quoted(name), details.get("type", "")]
    if details.get("identity"):
        words.append("GENERATED BY DEFAULT AS IDENTITY")
    if details.get("computed"):
        words.append("GENERATED ALWAYS AS (…) STORED")
    if default := details.get("default"):
        words.append(f"DEFAULT {default}")
    if details.get("nullable") == "no":
        words.append("NOT NULL")
    if details.get("primary_key") == "yes":
        words.append("PRIMARY KEY")
    if check := details.get("check"):
        words.append(f"CHECK ({check})")
    return " ".join(word for word in words if word)


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] == name


def _text(node: ast.expr | None) -> str | None:
    """A text that is written out: 'x', op.f('x'), sa.text('x'); None for anything else."""
    if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in (
        "f",
        "text",
        "quoted_name",
    ):
        return _text(node.args[0]) if node.args else None
    if isinstance(node, ast.Constant) and isinstance(node.value, (str, int, float)):
        return str(node.value)
    return None


def _default(node: ast.expr) -> str | None:
    """A server default as SQL; "none" where it is taken away, None for no change."""
    if isinstance(node, ast.Constant):
        if node.value is None:
            return "none"
        return f"'{node.value}'" if isinstance(node.value, str) else None
    if _is(node, "text"):
        return _text(node)
    name = dotted(node.func) if isinstance(node, ast.Call) else dotted(node)
    if name.rpartition(".")[0].endswith("func"):
        return f"{name.rpartition('.')[2]}()"
    return {"sa.true": "true", "sa.false": "false"}.get(name, "…")
