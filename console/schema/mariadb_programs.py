"""mariadb_programs: the programs of this machine that dump and load a MariaDB or MySQL database.

Each of the two servers comes with its own, and MariaDB's are often called as MySQL's are: what a
program is, it says by --version.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from console.schema.errors import Unsupported
from console.schema.flavour import MARIADB, MYSQL, Flavour, flavour_in, flavour_of

# By whose programs: the names of what dumps, and of what loads.
NAMES = {
    MARIADB: (("mariadb-dump", "mysqldump"), ("mariadb", "mysql")),
    MYSQL: (("mysqldump",), ("mysql",)),
}
# MySQL's would write down which transactions it knows, which its own server refuses to be told.
FLAGS = {MARIADB: (), MYSQL: ("--set-gtid-purged=OFF",)}
# What MariaDB's program writes as it is not taken by MySQL: values of generated columns, and vectors.
FOREIGN = """
SELECT concat(table_name, '.', column_name) FROM information_schema.columns
WHERE table_schema = database()
AND (extra REGEXP '(STORED|VIRTUAL) GENERATED' OR data_type = 'vector')
ORDER BY table_name, ordinal_position LIMIT 1
"""
VERSION_SECONDS = 10


@dataclass(frozen=True)
class Programs:
    """The paths of what dumps and what loads, which understand each other, and what the first needs
    to be told besides."""

    dumper: str
    client: str
    flags: tuple[str, ...] = ()


def programs_for(connection: Connection) -> Programs:
    """Return the programs that copy the database behind a connection: those of its own server, else
    of the other one where they can.

    Raises Unsupported without any, or where these would not copy all of it.
    """
    own = flavour_of(connection)
    other = MYSQL if own is MARIADB else MARIADB
    if found := _programs_of(own):
        return found
    name = NAMES[own][0][0]
    found = _programs_of(other)
    if found is None:
        raise Unsupported(f"Copying this database takes {name}. Install the client programs.")
    if own is MYSQL and (column := connection.exec_driver_sql(FOREIGN).scalar()):
        raise Unsupported(
            f"Copying {column} takes {own.name}'s own {name}, which is not here; {found.dumper} is "
            f"{other.name}'s. Install {own.name}'s client programs."
        )
    return found


def _programs_of(flavour: Flavour) -> Programs | None:
    """The programs that come with a server."""
    dumper, client = (next(_found(flavour, names), None) for names in NAMES[flavour])
    return Programs(dumper, client, FLAGS[flavour]) if dumper and client else None


def _found(flavour: Flavour, names: tuple[str, ...]) -> Iterator[str]:
    """The programs of one of these names, by their paths, that are of this flavour."""
    for name in names:
        for folder in os.get_exec_path():
            path = shutil.which(name, path=folder)
            if path and flavour_in(_version(path)) is flavour:
                yield path


def _version(path: str) -> str:
    """What a program says of itself; "MariaDB" is in it, or it is MySQL's."""
    done = subprocess.run(  # noqa: S603 - found on the path, its argument is ours
        [path, "--version"],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=VERSION_SECONDS,
        check=False,
    )
    return done.stdout
