"""spelling: operations and statements as code to paste into a revision.

What only a person can decide is written "…", which Python refuses until somebody has.
"""

# ruff: noqa: S608 - the SQL is text to show, never executed

from __future__ import annotations

import re
from collections.abc import Callable

import sqlalchemy as sa

from console.hazards.evidence import Evidence
from console.hazards.types import sql_type
from console.schema.sqltext import join, tokens
from console.schema.statement import Operation
from console.schema.table import Column

BEFORE = "# in a revision before this one:"
NEXT = "# in the next revision, in a plan of its own:"
LATER = "# in a later revision, once no code needs the old one:"
BIND = re.compile(r"(?<![:\w\\]):(?=\w+(?!\w*:))")
PIECES = re.compile(r'"((?:[^"]|"")*)"|([^".]+)')  # of a name
CLASSES = {
    "CHARACTER VARYING": "VARCHAR",
    "CHARACTER": "CHAR",
    "DOUBLE PRECISION": "DOUBLE_PRECISION",
}
SPECIAL = {"TIMESTAMP WITH TIME ZONE": "sa.TIMESTAMP(timezone=True)", "TINYINT": "sa.BOOLEAN()"}
CHANGES = (("new_name", "new_column_name"), ("type", "type_"), ("nullable", "nullable"))


def quoter(evidence: Evidence) -> Callable[[str], str]:
    """Return what puts quotes around the names for which this database needs them: "order"."""
    preparer = evidence.target.parsed_url.get_dialect()().identifier_preparer

    def quoted(name: str) -> str:
        return ".".join(preparer.quote(part) for part in place(name) if part)

    return quoted


def respelled(evidence: Evidence, text: str) -> str:
    """Return normal SQL with its quoted names as this database quotes them."""
    q = quoter(evidence)
    found = ((kind, q(word) if kind == "name" else word) for kind, word in tokens(text))
    return join(list(found))


def execute(sql: str) -> str:
    """Return an op.execute of a statement; what looks like a bind in it is none."""
    text = BIND.sub(r"\:", sql)
    if not set('"\\\n') & set(text):
        return f'op.execute("{text}")'
    is_plain = "\\" not in text and '"""' not in text and not text.endswith('"')
    return f'op.execute("""{text}""")' if is_plain else f"op.execute({text!r})"


def autocommit(*lines: str) -> str:
    """Return lines inside of an autocommit_block()."""
    return "\n".join(["with op.get_context().autocommit_block():", *(f"    {x}" for x in lines)])


def batch(table: str, *lines: str) -> str:
    """Return operations in batch mode."""
    return "\n".join(
        [f"with op.batch_alter_table({of(table)}) as batch:", *(f"    {x}" for x in lines)]
    )


def place(name: str) -> tuple[str, str]:
    """Return (schema, name) of a name, "" for no schema; a dot between quotes is part of a name."""
    found = [quoted.replace('""', '"') or bare for quoted, bare in PIECES.findall(name)]
    return ".".join(found[:-1]), "".join(found[-1:])


def suffixed(table: str, suffix: str) -> str:
    """Return the name of a table beside another one: "shop.products_new"."""
    return f'{table[:-1]}{suffix}"' if table.endswith('"') else f"{table}{suffix}"


def remade(evidence: Evidence, table: str, *made: str) -> str:
    """Return the revisions that make a table anew beside itself, by these statements, and take its rows
    there."""
    q = quoter(evidence)
    rows = "OVERRIDING SYSTEM VALUE SELECT *" if evidence.database == "postgresql" else "SELECT *"
    return "\n".join(
        [
            f"# foreign keys, triggers and grants of {table} do not come along; add those that it has",
            *map(execute, made),
            NEXT,
            "# in batches by the key; from here on the code has to write to both",
            execute(f"INSERT INTO {q(suffixed(table, '_new'))} {rows} FROM {q(table)} WHERE …"),
        ]
    )


def literal(name: str) -> str:
    """Return a name as a text of Python."""
    return f'"{name}"' if not set('"\\') & set(name) else repr(name)


def named_in(table: str) -> str:
    """Return a table's name as an operation takes it, which states the schema apart."""
    return literal(place(table)[1])


def schema(table: str) -> str:
    """Return the argument that states a table's schema; nothing for one of the current schema."""
    name = place(table)[0]
    return f", schema={literal(name)}" if name else ""


def of(table: str) -> str:
    """Return both of them."""
    return f"{named_in(table)}{schema(table)}"


def type_of(text: str | None) -> str:
    """Return a type's SQL as SQLAlchemy's: "VARCHAR(60)" as "sa.VARCHAR(60)"; "…" for what it has no
    name for."""
    kind = sql_type(text)
    if kind is None:
        return "…"
    if kind.name in SPECIAL:
        return SPECIAL[kind.name]
    name = CLASSES.get(kind.name, kind.name.replace(" ", "_"))
    if not hasattr(sa.types, name):
        return "…"
    sizes = [str(number) for number in (kind.size, kind.places) if number is not None]
    return f"sa.{name}({', '.join(sizes)})"


def add_column(table: str, column: str, kind: str | None) -> str:
    """Return what adds a column that may be NULL."""
    return f"op.add_column({named_in(table)}, sa.Column({literal(column)}, {type_of(kind)}){schema(table)})"


def alter_column(
    evidence: Evidence, table: str, column: str, change: str, kind: str | None = None
) -> str:
    """Return an alter_column as this database needs it: in batch mode on SQLite, and with all that a
    column has on MariaDB, where `kind` is its type if the database does not know the column yet."""
    if evidence.database == "sqlite":
        return batch(table, f"batch.alter_column({literal(column)}, {change})")
    if evidence.database != "mysql":
        return f"op.alter_column({named_in(table)}, {literal(column)}, {change}{schema(table)})"
    known = evidence.column(table, column)
    stated = existing(known, change) if known else [f"existing_type={type_of(kind)}"]
    given = ", ".join([change, *stated])
    return f"op.alter_column({named_in(table)}, {literal(column)}, {given}{schema(table)})"


BEHIND_A_DEFAULT = ("on update", "invisible")  # what MariaDB and MySQL say of a column besides


def existing(column: Column, change: str) -> list[str]:
    """Return the arguments that say what a column has and `change` does not name."""
    found = [f"existing_type={type_of(column.type)}"]
    if "nullable=" not in change:
        found.append(f"existing_nullable={column.nullable}")
    behind = [note.upper() for note in column.notes if note.startswith(BEHIND_A_DEFAULT)]
    if (column.default is not None or behind) and "server_default=" not in change:
        default = " ".join((column.default or "NULL", *behind))
        found.append(f"existing_server_default=sa.text({default!r})")
    comment = next((note for note in column.notes if note.startswith("comment ")), None)
    if comment and "comment=" not in change:
        found.append(f"existing_comment={comment.removeprefix('comment ')}")
    if "auto_increment" in column.notes:
        found.append("existing_autoincrement=True")
    return found


def require(evidence: Evidence, table: str, column: str, kind: str | None = None) -> str:
    """Return the revisions that make a filled column NOT NULL."""
    if evidence.database == "postgresql":
        return f"{NEXT}\n{require_on_postgresql(evidence, table, column)}"
    return f"{NEXT}\n{alter_column(evidence, table, column, 'nullable=False', kind)}"


def require_on_postgresql(evidence: Evidence, table: str, column: str) -> str:
    """Return what makes a column NOT NULL without a scan under the lock."""
    q, name = quoter(evidence), f"{plain(table)}_{plain(column)}_filled"
    check = (
        f"ALTER TABLE {q(table)} ADD CONSTRAINT {name} CHECK ({q(column)} IS NOT NULL) NOT VALID"
    )
    return "\n".join(
        [
            execute(check),
            NEXT,
            execute(f"ALTER TABLE {q(table)} VALIDATE CONSTRAINT {name}"),
            execute(f"ALTER TABLE {q(table)} ALTER COLUMN {q(column)} SET NOT NULL"),
            execute(f"ALTER TABLE {q(table)} DROP CONSTRAINT {name}"),
        ]
    )


def expand(
    evidence: Evidence, table: str, column: str, new: str, kind: str | None, value: str
) -> str:
    """Return the revisions that put a column beside another one and give it the other's values."""
    q = quoter(evidence)
    return "\n".join(
        [
            "# let the code, or a trigger, keep both in step from here on",
            add_column(table, new, kind),
            NEXT,
            "# in batches by the key where there are many rows",
            execute(f"UPDATE {q(table)} SET {q(new)} = {value} WHERE {q(new)} IS NULL"),
            LATER,
            batch(table, f"batch.drop_column({literal(column)})"),
        ]
    )


def in_batch(operation: Operation) -> str:
    """Return an operation on a constraint or a column as batch mode takes it."""
    said = operation.detail
    name, columns = repr(said("name")), _listed(said("columns"))
    if operation.name == "alter_column":
        return f"batch.alter_column({literal(operation.column or '')}, {changes(operation)})"
    arguments = {
        "create_unique_constraint": f"{name}, {columns}",
        "create_primary_key": f"{name}, {columns}",
        "create_check_constraint": f"{name}, {said('condition')!r}",
        "create_foreign_key": f"{name}, {said('referent')!r}, {columns}, {_listed(said('remote_columns'))}",
        "drop_constraint": f"{name}, type_={said('type')!r}",
    }
    return f"batch.{operation.name}({arguments.get(operation.name, '…')})"


def changes(operation: Operation) -> str:
    """Return what an alter_column changes, as its arguments."""
    found = []
    for key, argument in CHANGES:
        value = operation.detail(key)
        if value is not None:
            shown = {"type": type_of(value), "nullable": str(value == "yes")}.get(key, repr(value))
            found.append(f"{argument}={shown}")
    default = operation.detail("default")
    if default is not None:
        found.append(f"server_default={None if default == 'none' else f'sa.text({default!r})'}")
    return ", ".join(found) or "…"


def plain(name: str) -> str:
    """Return a name without its schema and quotes, to make another name of."""
    return place(name)[1]


def unquoted(text: str) -> str:
    """Return names for people to read."""
    return text.replace('"', "")


def _listed(columns: str | None) -> str:
    return repr([name.strip() for name in columns.split(",")]) if columns else "[…]"
