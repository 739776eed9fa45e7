"""inverse: the statements that take out again what a schema has too much, where nothing else changed."""

from __future__ import annotations

from collections.abc import Callable

from console.schema.catalogue import Catalogue, Change, TableDifference
from console.schema.difference import compare
from console.schema.driver import installed
from console.schema.sqltext import tokens
from console.schema.target import Target

Quote = Callable[[str], str]


def inverse_of(target: Target, start: Catalogue, found: Catalogue) -> tuple[str, ...]:
    """Return the statements that bring a database from `found` to `start`, which everything in it but
    what was added has come from; empty where something is gone or changed, or has no name.

    They are a proposal: whoever runs them has to look where they lead.
    """
    quote = installed(target.parsed_url).get_dialect()().identifier_preparer.quote
    backend = target.parsed_url.get_backend_name()
    statements: list[str] = []
    for table in reversed(compare(start, found).tables):
        if any(change.sign != "added" for change in table.changes):
            return ()
        if table.sign == "added":
            kind = "TYPE" if table.noun == "enum" else table.noun.upper()
            statements.insert(
                0 if table.is_view else len(statements), f"DROP {kind} {quote(table.name)}"
            )
            continue
        # first what hangs on columns, then these
        for change in sorted(table.changes, key=lambda one: one.kind == "column"):
            sql = _dropping(backend, table, change, quote)
            if not sql:
                return ()
            statements.append(sql)
    return tuple(statements)


def _dropping(backend: str, table: TableDifference, change: Change, quote: Quote) -> str:
    """The statement that takes out what was added to a table; "" where there is none."""
    name, owner = quote(change.name), quote(table.name)
    if not change.name:
        return ""
    if change.kind == "column":
        return f"ALTER TABLE {owner} DROP COLUMN {name}"
    if change.kind == "index":
        return f"DROP INDEX {name}" + (f" ON {owner}" if backend in ("mysql", "mariadb") else "")
    if change.kind == "trigger":
        return f"DROP TRIGGER {name}" + (f" ON {owner}" if backend == "postgresql" else "")
    if change.kind not in ("unique", "foreign key", "check") or backend == "sqlite":
        return ""
    word = "CONSTRAINT"
    if backend in ("mysql", "mariadb"):
        word = {"unique": "INDEX", "foreign key": "FOREIGN KEY"}.get(change.kind, word)
    return f"ALTER TABLE {owner} DROP {word} {name}"


def vanishes(sql: str, start: Catalogue) -> bool:
    """Whether all that a statement changes in rows lies in tables or columns that `start` has not:
    then nothing of it is left where the schema is `start` again. False where that cannot be read."""
    words = [text.lower() for _, text in tokens(sql)]
    columns = {
        table.name.lower(): {column.name.lower() for column in table.columns}
        for table in start.tables
    }
    if words[:2] == ["insert", "into"] or words[:2] == ["delete", "from"]:
        return len(words) > 2 and words[2] not in columns and "." not in words[3:4]
    if words[:1] != ["update"] or words[2:3] != ["set"]:
        return False
    return words[1] not in columns or columns[words[1]].isdisjoint(_assigned(words[3:]))


def _assigned(words: list[str]) -> set[str]:
    """The columns that an UPDATE sets, from the words after SET."""
    found, depth, is_name = set(), 0, True
    for word in words:
        if depth == 0 and word in ("where", "from", "returning", ";"):
            break
        if is_name:
            found.add(word)
            is_name = False
        depth += (word == "(") - (word == ")")
        is_name = depth == 0 and word == ","
    return found
