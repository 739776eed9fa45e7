"""flavour: MariaDB or MySQL, which speak one protocol, and what each has its own way to say.

What only one of them knows is asked here, by what the server says of itself; a URL says nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.engine import Connection

SAYS_MARIADB = "mariadb"  # in its version: "10.11.19-MariaDB-deb12"


@dataclass(frozen=True)
class Flavour:
    """One of the two.

    `timeout` is the setting that limits how long a SELECT lasts, 0 for no limit, and `limit` gives the
    statement after which none of the session lasts longer than so many seconds.
    `fresh` are those after which the size and the rows of a table are as the server knows them now:
    MySQL tells those of up to a day ago.
    """

    name: str
    timeout: str
    limit: Callable[[float], str]
    fresh: tuple[str, ...] = ()


MARIADB = Flavour(
    "MariaDB",
    timeout="max_statement_time",
    limit=lambda seconds: f"SET SESSION max_statement_time = {seconds:g}",
)
MYSQL = Flavour(
    "MySQL",
    timeout="max_execution_time",
    limit=lambda seconds: f"SET SESSION max_execution_time = {int(seconds * 1000)}",
    fresh=("SET SESSION information_schema_stats_expiry = 0",),
)


def flavour_of(connection: Connection) -> Flavour:
    """Return which of the two a connection leads to, whichever of their names its URL has."""
    return MARIADB if getattr(connection.dialect, "is_mariadb", False) else MYSQL


def flavour_in(words: str) -> Flavour:
    """Return which of the two calls itself so: a server by its version(), a program by --version."""
    return MARIADB if SAYS_MARIADB in words.lower() else MYSQL
