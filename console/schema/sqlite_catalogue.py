"""sqlite_catalogue: an SQLite schema read exactly, from `sqlite_master` and the PRAGMAs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Connection

from console.schema.sqlite_table import Stated, read_create_table
from console.schema.sqltext import join, normal, tokens, unquote
from console.schema.table import Column, Part, Table, View

GENERATED = {2: "virtual", 3: "stored"}  # `hidden` of PRAGMA table_xinfo
MASTER = (
    "SELECT type, name, tbl_name, sql FROM sqlite_master "
    "WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND sql IS NOT NULL ORDER BY name"
)


def read_sqlite(
    connection: Connection, is_wanted: Callable[[str], bool]
) -> tuple[tuple[Table, ...], tuple[View, ...]]:
    """Return the tables and views whose names `is_wanted` takes, with all that belongs to them."""
    rows = [tuple(row) for row in connection.exec_driver_sql(MASTER)]
    statements = {name: sql for kind, name, _, sql in rows if kind == "table"}
    stated = {name.lower(): read_create_table(sql) for name, sql in statements.items()}
    tables = []
    for name in statements:
        if is_wanted(name):
            parts = [*_own_parts(stated, name), *_other_parts(rows, name)]
            columns = _columns(connection, name, stated[name.lower()])
            tables.append(Table(name, columns, sort_parts(parts)))
    views = [
        View(name, _view_text(rows, name, sql))
        for kind, name, _, sql in rows
        if kind == "view" and is_wanted(name)
    ]
    return tuple(tables), tuple(views)


def sort_parts(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Parts by kind, name and definition."""
    return tuple(sorted(parts, key=lambda part: (part.kind, part.name, part.definition)))


def _columns(connection: Connection, table: str, stated: Stated) -> tuple[Column, ...]:
    """The columns of one table, in order."""
    quoted = '"' + table.replace('"', '""') + '"'
    rows = connection.exec_driver_sql(f"PRAGMA table_xinfo({quoted})").all()
    keys = sum(1 for row in rows if row.pk)
    columns = []
    for row in rows:
        if row.hidden == 1:  # a hidden column of a virtual table
            continue
        kind = normal(row.type).upper().removesuffix("GENERATED ALWAYS").strip()
        # SQLite never stores NULL in a rowid alias, whether or not the statement says so.
        is_rowid = row.pk and keys == 1 and kind == "INTEGER"
        columns.append(
            Column(
                name=row.name,
                type=kind,
                nullable=not (row.notnull or is_rowid),
                default=None if row.dflt_value is None else normal(row.dflt_value),
                primary_key=bool(row.pk),
                notes=stated.notes.get(row.name.lower(), ()),
            )
        )
    return tuple(columns)


def _own_parts(stated: dict[str, Stated], table: str) -> list[Part]:
    """What the table's own statement declares. A foreign key that names no columns of its parent
    means the parent's primary key, and is written so."""
    parts = []
    for part in stated[table.lower()].parts:
        if part.kind == "foreign key":
            parts.append(_complete(part, stated))
        else:
            parts.append(part)
    return parts


def _complete(part: Part, stated: dict[str, Stated]) -> Part:
    """A foreign key with the columns that it points to."""
    before, _, after = part.definition.partition(" references ")
    found = list(tokens(after))
    if len(found) > 1 and found[1][1] == "(":
        return part
    parent = stated.get(unquote(found[0][1]).lower())
    if parent is None or not parent.primary_key:
        return part
    target = f"{found[0][1]} ({', '.join(parent.primary_key)})"
    rest = join(found[1:])
    definition = f"{before} references {target} {rest}".rstrip()
    return Part(part.kind, part.name, definition)


def _other_parts(rows: list[tuple[Any, ...]], table: str) -> list[Part]:
    """Its indexes and triggers, which have statements of their own."""
    parts = []
    for kind, name, owner, sql in rows:
        if owner.lower() == table.lower() and kind == "index":
            parts.append(Part("index", name, _index_text(sql)))
        elif owner.lower() == table.lower() and kind == "trigger":
            parts.append(Part("trigger", name, normal(sql)))
    return parts


def _index_text(sql: str) -> str:
    """An index in words: "unique (lower(email)) WHERE active"."""
    found = list(tokens(sql))
    on = next(i for i, token in enumerate(found) if token[0] == "word" and token[1].upper() == "ON")
    is_unique = found[1][1].upper() == "UNIQUE"
    return ("unique " if is_unique else "") + join(found[on + 2 :])


def _view_text(rows: list[tuple[Any, ...]], view: str, sql: str) -> str:
    """A view's statement, and those of the triggers that stand in for writing to it."""
    triggers = [
        normal(row[3]) for row in rows if row[0] == "trigger" and row[2].lower() == view.lower()
    ]
    return "; ".join([normal(sql), *triggers])
