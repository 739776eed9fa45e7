"""mariadb_catalogue: the schema of a MariaDB or MySQL database, read from what the server itself says.

Columns come from the information schema, keys and options from SHOW CREATE TABLE, in which the
server writes every definition on a line of its own.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import accumulate
from typing import Any

from sqlalchemy import Connection

from console.schema.flavour import MARIADB, Flavour, flavour_of
from console.schema.mariadb_views import without_brackets
from console.schema.table import Column, Part, Table, View

TABLES = """
SELECT table_name, table_type, table_collation FROM information_schema.tables
WHERE table_schema = database()
"""
COLUMNS = """
SELECT table_name, column_name, column_type, is_nullable, column_default, extra,
       generation_expression, collation_name, column_comment, column_key
FROM information_schema.columns WHERE table_schema = database()
ORDER BY table_name, ordinal_position
"""
TRIGGERS = """
SELECT event_object_table, trigger_name, action_timing, event_manipulation, action_statement
FROM information_schema.triggers WHERE trigger_schema = database()
"""
VIEWS = """
SELECT table_name, view_definition, check_option, security_type FROM information_schema.views
WHERE table_schema = database()
"""
ROUTINES = """
SELECT routine_type, routine_name, dtd_identifier, is_deterministic, security_type, routine_definition
FROM information_schema.routines WHERE routine_schema = database()
"""
PARAMETERS = """
SELECT routine_type, specific_name, concat_ws(' ', parameter_mode, parameter_name, dtd_identifier)
FROM information_schema.parameters WHERE specific_schema = database() AND ordinal_position > 0
ORDER BY routine_type, specific_name, ordinal_position
"""
# One that ends goes by itself; when one began is nothing that a history could repeat.
EVENTS = """
SELECT event_name, concat('every ', interval_value, ' ', lower(interval_field)), event_definition
FROM information_schema.events
WHERE event_schema = database() AND execute_at IS NULL AND ends IS NULL
"""
CHECKS = """
SELECT table_name, constraint_name, check_clause FROM information_schema.check_constraints
WHERE constraint_schema = database() AND level = 'Column'
"""
IN_FULL = "sql_mode = '', sql_quote_show_create = ON"  # how a session is set for SHOW CREATE
NAME = r"`((?:[^`]|``)*)`"
# What SHOW CREATE TABLE says to servers from a version on: "/*!80016 NOT ENFORCED */".
VERSIONED = re.compile(r"/\*!\d{5,6} (.*?) ?\*/", re.DOTALL)
MOMENT = re.compile(r"CURRENT_TIMESTAMP(?:\(\d\))?", re.IGNORECASE)
UNQUOTED = ("int", "decimal", "float", "double", "year", "bit", "binary")  # in the names of types
# What a line of SHOW CREATE TABLE declares, and how its definition begins.
LINES: tuple[tuple[re.Pattern[str], Any, str], ...] = (
    (re.compile(r"PRIMARY KEY( )(.*)"), "primary key", ""),
    (re.compile(rf"UNIQUE KEY {NAME} (.*)"), "unique", ""),
    (re.compile(rf"((?:FULLTEXT|SPATIAL|VECTOR) KEY {NAME} .*)"), "index", "special"),
    (re.compile(rf"KEY {NAME} (.*)"), "index", ""),
    (re.compile(rf"CONSTRAINT {NAME} FOREIGN KEY (.*)"), "foreign key", ""),
    (re.compile(rf"CONSTRAINT {NAME} CHECK (.*)"), "check", ""),
    (re.compile(r"(PERIOD FOR .*)"), "option", "special"),
)


def read_mariadb(
    connection: Connection, is_wanted: Callable[[str], bool]
) -> tuple[tuple[Table, ...], tuple[View, ...]]:
    """Return the tables and views of the database whose names `is_wanted` takes."""
    with in_full(connection):
        return _read(connection, is_wanted)


@contextmanager
def in_full(connection: Connection) -> Iterator[None]:
    """Have SHOW CREATE say everything and quote names as it does by default, whatever the session is set
    to: in the mode ANSI both servers leave out a table's options."""
    mode, quotes = connection.exec_driver_sql("SELECT @@sql_mode, @@sql_quote_show_create").one()
    if quotes and "ANSI_QUOTES" not in mode and "_OPTIONS" not in mode:
        yield
        return
    connection.exec_driver_sql(f"SET SESSION {IN_FULL}")
    try:
        yield
    finally:
        again = "SET SESSION sql_mode = %s, sql_quote_show_create = %s"
        connection.exec_driver_sql(again, (mode, quotes))


def _read(
    connection: Connection, is_wanted: Callable[[str], bool]
) -> tuple[tuple[Table, ...], tuple[View, ...]]:
    ask = connection.exec_driver_sql
    found = {row[0]: row for row in ask(TABLES) if is_wanted(row[0])}
    columns: dict[str, list[Column]] = defaultdict(list)
    flavour = flavour_of(connection)
    for row in ask(COLUMNS):
        if row[0] in found:
            columns[row[0]].append(_column(row, found[row[0]][2], flavour))
    parts: dict[str, list[Part]] = defaultdict(list)
    for table, name, *words, body in ask(TRIGGERS):
        parts[table].append(Part("trigger", name, one_line(f"{' '.join(words)} {body}")))
    if flavour is MARIADB:
        for table, name, clause in ask(CHECKS):
            parts[table].append(Part("check", f"column {name}", f"({plain(clause)})"))
    tables = tuple(
        Table(name, tuple(columns[name]), _sorted([*parts[name], *_declared(connection, name)]))
        for name, row in found.items()
        if row[1] != "VIEW" and row[1] != "SEQUENCE"
    )
    database = connection.exec_driver_sql("SELECT database()").scalar()
    views = tuple(
        View(name, _view(definition.replace(f"`{database}`.", ""), check, security))
        for name, definition, check, security in ask(VIEWS)
        if is_wanted(name)
    )
    sequences = tuple(
        View(name, _sequence(connection, name), "sequence")
        for name, row in found.items()
        if row[1] == "SEQUENCE"
    )
    events = (View(name, plain(f"{when} do {body}"), "event") for name, when, body in ask(EVENTS))
    return tables, (*views, *sequences, *_routines(connection), *events)


def _view(definition: str, check: str, security: str) -> str:
    """What a view says."""
    words = [plain(without_brackets(definition))]
    if check != "NONE":
        words.append(f"with {check.lower()} check option")
    if security != "DEFINER":
        words.append(f"sql security {security.lower()}")
    return " ".join(words)


def _routines(connection: Connection) -> Iterator[View]:
    """The functions and procedures, with as much of them as we may read."""
    parameters: dict[tuple[str, str], list[str]] = defaultdict(list)
    for kind, name, words in connection.exec_driver_sql(PARAMETERS):
        parameters[kind, name].append(words)
    found = connection.exec_driver_sql(ROUTINES)
    for kind, name, returned, deterministic, security, body in found:
        words = [f"({', '.join(parameters[kind, name])})"]
        words += [f"returns {returned}"] if returned else []
        words += ["deterministic"] if deterministic == "YES" else []
        words += ["sql security invoker"] if security == "INVOKER" else []
        yield View(name, plain(" ".join([*words, body or ""])), kind.lower())


def _sequence(connection: Connection, name: str) -> str:
    """How a sequence counts, as the server says it after the name."""
    quoted = "`" + name.replace("`", "``").replace("%", "%%") + "`"
    text = str(connection.exec_driver_sql(f"SHOW CREATE SEQUENCE {quoted}").one()[1])
    return one_line(text.rpartition("` ")[2])


def _column(row: Any, collation: str | None, flavour: Flavour) -> Column:
    """One column of what COLUMNS asks for, in a table of this collation."""
    _, name, kind, nullable, default, extra, expression, own, comment, key = row
    notes = []
    if own and own != collation:
        notes.append(f"collate {own}")
    if expression:
        stored = "stored" if "STORED" in extra.upper() else "virtual"
        written = expression if flavour is MARIADB else unescaped(expression)
        notes.append(f"generated always as {_in_brackets(written)} {stored}")
    notes += [word.lower() for word in _extras(extra)]
    if comment:
        notes.append(f"comment '{comment}'")
    stated = None if default is None or expression else str(default)
    if flavour is MARIADB:
        stated = None if stated == "NULL" else stated
    elif stated is not None:
        stated = as_sql(stated, kind, is_expression="DEFAULT_GENERATED" in extra)
    return Column(name, upper(kind), nullable == "YES", stated, key == "PRI", tuple(notes))


def as_sql(default: str, kind: str, *, is_expression: bool) -> str:
    """Return the default of a column of type `kind` as SQL, from what MySQL says of it: the bare text
    of a value, or an expression."""
    if is_expression:
        return default if MOMENT.fullmatch(default) else _in_brackets(unescaped(default))
    if any(word in kind.partition("(")[0] for word in UNQUOTED):
        return default
    return "'" + default.replace("\\", r"\\").replace("'", "''") + "'"


def _extras(extra: str) -> Iterator[str]:
    """What EXTRA says besides of generated columns, phrase by phrase."""
    text = re.sub(r"(STORED|VIRTUAL) GENERATED|DEFAULT_GENERATED", "", extra, flags=re.IGNORECASE)
    for phrase in re.split(r",|(?=on update)", text):
        if phrase.strip():
            yield phrase.strip()


def _declared(connection: Connection, name: str) -> Iterator[Part]:
    """The keys, constraints and options in SHOW CREATE TABLE."""
    quoted = "`" + name.replace("`", "``").replace("%", "%%") + "`"
    text = str(connection.exec_driver_sql(f"SHOW CREATE TABLE {quoted}").one()[1])
    lines = VERSIONED.sub(r"\1", text).splitlines()
    end = next(i for i, line in enumerate(lines) if line.startswith(")"))
    for line in lines[1:end]:
        part = declaration(line.strip().rstrip(","))
        if part is not None:
            yield part
    options = re.sub(r"(^\)| AUTO_INCREMENT=\d+)", "", " ".join(lines[end:])).strip()
    if options:
        yield Part("option", "", options)


def declaration(line: str) -> Part | None:
    """Return what a line of SHOW CREATE TABLE declares; None for a column."""
    for pattern, kind, special in LINES:
        found = pattern.fullmatch(line)
        if found is None:
            continue
        if special:
            return Part(kind, "", plain(found.group(1)))
        name, definition = found.group(1).strip().replace("``", "`"), plain(found.group(2))
        if kind == "check":
            definition = re.sub(r"^\(.*\)", lambda m: _in_brackets(m.group()), definition)
        definition = definition.replace(" REFERENCES ", " references ")
        definition = re.sub(r" ON (DELETE|UPDATE) ", lambda m: m.group().lower(), definition)
        return Part(kind, name, re.sub(r"(?<=\S),(?=\S)", ", ", definition))
    return None


def _sorted(parts: list[Part]) -> tuple[Part, ...]:
    """Parts by kind, name and definition."""
    return tuple(sorted(parts, key=lambda part: (part.kind, part.name, part.definition)))


def _in_brackets(expression: str) -> str:
    """An expression in one pair of brackets, however many it has: MySQL puts in more."""
    text = plain(expression)
    while is_wrapped(text):
        text = text[1:-1]
    return f"({text})"


def is_wrapped(text: str) -> bool:
    """Return whether the first bracket of an expression is closed by its last sign."""
    bare = re.sub(r"'(?:[^'\\]|\\.|'')*'|`[^`]*`", lambda m: "x" * len(m.group()), text)
    depths = list(accumulate((sign == "(") - (sign == ")") for sign in bare))
    return bare.startswith("(") and bare.endswith(")") and all(depths[:-1])


def unescaped(expression: str) -> str:
    r"""Return an expression as SHOW CREATE TABLE has it; MySQL's information schema puts a \ before each
    quote and each \ of it."""
    return re.sub(r"\\(['\"\\])", r"\1", expression)


def upper(kind: str) -> str:
    """Return a type in capitals, the values of an ENUM or SET as they are."""
    return "".join(
        piece if piece.startswith("'") else piece.upper().replace(",", ", ")
        for piece in re.split(r"('(?:[^']|'')*')", kind)
    )


def plain(text: str) -> str:
    """Return SQL on one line without the quotes around plain names."""
    return re.sub(r"`([^\W\d]\w*)`", r"\1", one_line(text))


def one_line(text: str) -> str:
    """Return a definition on one line."""
    return re.sub(r"\s*\n\s*", " ", text.strip())
