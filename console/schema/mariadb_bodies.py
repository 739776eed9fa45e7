"""mariadb_bodies: the routines, views and triggers of a copy, and the defaults that count by a sequence.

A dump would write them as they are: where they call the source by its name, the copy would change the
real database whenever they are used; and it is loaded only by who may act for all of their definers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import DBAPIError

from console.schema.driver import engine_of
from console.schema.elsewhere import mentions, renamed
from console.schema.errors import Unsupported
from console.schema.mariadb_count import backquoted

OTHERS = "SELECT schema_name FROM information_schema.schemata WHERE schema_name <> database()"
DEFAULTS = """
SELECT table_name, column_name, column_default FROM information_schema.columns
WHERE table_schema = database() AND column_default REGEXP '(nextval|lastval|setval)[(]'
"""
ROUTINES = """
SELECT routine_type, routine_name FROM information_schema.routines WHERE routine_schema = database()
ORDER BY routine_type, routine_name
"""
VIEWS = "SELECT table_name FROM information_schema.views WHERE table_schema = database()"
TRIGGERS = """
SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = database()
ORDER BY event_object_table, event_manipulation, action_timing, action_order
"""
SPELLED = "SET SESSION character_set_client = %s, collation_connection = %s"
DEFINER = re.compile(
    r"\sDEFINER\s*=\s*(`(?:[^`]|``)*`@`(?:[^`]|``)*`|`(?:[^`]|``)*`)", re.IGNORECASE
)
NOT_THEIRS = frozenset([1227, 1449, 1698, 4093])  # no right to act for somebody, or there is none
FURTHER = (
    "The trigger {trigger} changes the database '{other}', which a copy does not hold: a rehearsal would "
    "change the real one. A database with such a trigger cannot be rehearsed."
)


class Bodies:
    """What is copied from one database to another. `left_out` are routines whose text we may not read,
    and views that the source cannot read either."""

    def __init__(self, source: Connection, clone: Connection, names: tuple[str, str]) -> None:
        self.source, self.clone = source, clone
        self.names = names
        self.is_pointed = False
        self.left_out: tuple[str, ...] = ()

    @property
    def is_exact(self) -> bool:
        """Whether all are there, and none had to be told which database it is in."""
        return not (self.is_pointed or self.left_out)

    def copy(self) -> None:
        """Copy all, in an order in which each finds what it needs."""
        self._point_defaults()
        for kind, routine in self.source.exec_driver_sql(ROUTINES).all():
            _, mode, body, *spelled = self._definition(kind, routine)
            if body is None:  # only its owner may read it
                self.left_out += (routine,)
            else:
                self._create(self._pointed(body), spelled, mode)
        self._copy_views()
        others = set(self.clone.exec_driver_sql(OTHERS).scalars()) - set(self.names)
        for trigger in self.source.exec_driver_sql(TRIGGERS).scalars().all():
            _, mode, body, *spelled = self._definition("TRIGGER", trigger)
            if further := next(mentions(body, others), None):
                raise Unsupported(FURTHER.format(trigger=trigger, other=further.name))
            self._create(self._pointed(body), spelled, mode)

    def _point_defaults(self) -> None:
        """Let a column count by the sequence of the copy."""
        for table, column, default in self.clone.exec_driver_sql(DEFAULTS).all():
            if (new := self._pointed(default)) != default:
                change = f"ALTER COLUMN {backquoted(column)} SET DEFAULT ({new})"
                _run(self.clone, f"ALTER TABLE {backquoted(table)} {change}")

    def _copy_views(self) -> None:
        """One view may need another: go over them for as long as that helps."""
        waiting = list(self.source.exec_driver_sql(VIEWS).scalars())
        while waiting:
            left = [view for view in waiting if not self._copies_view(view)]
            if len(left) == len(waiting):
                self.left_out += tuple(left)
                return
            waiting = left

    def _copies_view(self, view: str) -> bool:
        with suppress(DBAPIError):
            _, definition, *spelled = self._definition("VIEW", view)
            # The server writes the database's name only where it is needed, or its definer is gone.
            definition = definition.replace(f"{backquoted(self.names[0])}.`", "`")
            self._create(definition, spelled)
            return True
        return False

    def _definition(self, kind: str, name: str) -> tuple[Any, ...]:
        sql = f"SHOW CREATE {kind} {backquoted(name)}"
        return tuple(self.source.exec_driver_sql(sql.replace("%", "%%")).one())

    def _pointed(self, sql: str) -> str:
        """The same for the copy, where the source is called by its name."""
        new = renamed(sql, *self.names)
        self.is_pointed = self.is_pointed or new != sql
        return new

    def _create(self, sql: str, spelled: Sequence[str], mode: str | None = None) -> None:
        """Create something with the settings that it was made with, for its definer if we may."""
        self.clone.exec_driver_sql(SPELLED, tuple(spelled[:2]))
        if mode is not None:
            self.clone.exec_driver_sql("SET SESSION sql_mode = %s", (mode,))
        try:
            _run(self.clone, sql)
        except DBAPIError as error:
            if error.orig is None or error.orig.args[0] not in NOT_THEIRS:
                raise
            _run(self.clone, DEFINER.sub("", sql, count=1))


def copy_bodies(url: URL, name: str) -> Bodies:
    """Copy them from the database of `url` to the one called `name`.

    Raises Unsupported where a trigger changes a database that is neither of the two.
    """
    with (
        engine_of(url).connect() as source,
        engine_of(url.set(database=name), isolation_level="AUTOCOMMIT").connect() as clone,
    ):
        bodies = Bodies(source, clone, (url.database or "", name))
        bodies.copy()
        return bodies


def views_of(connection: Connection) -> tuple[str, ...]:
    """Return the names of the views of a database."""
    return tuple(connection.exec_driver_sql(VIEWS).scalars())


def _run(connection: Connection, sql: str) -> None:
    connection.exec_driver_sql(sql.replace("%", "%%"))
