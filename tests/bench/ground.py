"""ground: where a part plays: one kind of database, brought back to a kept state again and again."""

from __future__ import annotations

import os
import secrets
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy.engine import URL

from console.schema.mariadb_programs import programs_for
from tests.histories.place import Place
from tests.histories.script_folder import Sample
from tests.histories.served import Served
from tests.private import NoServer, PrivateMariaDB, PrivateMySQL, PrivatePostgreSQL, PrivateServer
from tests.servers import engine_of, find_mariadb, find_mysql, find_postgresql, shown

NAMES = ("sqlite", "postgresql", "mariadb", "mysql")
STATED = {
    "postgresql": "CONSOLE_TEST_POSTGRES_URL",
    "mariadb": "CONSOLE_TEST_MARIADB_URL",
    "mysql": "CONSOLE_TEST_MYSQL_URL",
}
PRIVATE: dict[str, type[PrivateServer]] = {
    server.name: server for server in (PrivatePostgreSQL, PrivateMariaDB, PrivateMySQL)
}
FIND = {"postgresql": find_postgresql, "mariadb": find_mariadb, "mysql": find_mysql}
MEMORY = Path("/dev/shm")  # a process that is killed loses nothing that was written to a file


class Ground(ABC):
    """Makes databases of one kind, keeps a state of each, and drops them all at the end."""

    name: str

    @abstractmethod
    def place(self, folder: Path, samples: Iterable[Sample] = ()) -> Place:
        """A target with an empty database of its own."""

    @abstractmethod
    def keep(self, place: Place) -> None:
        """Remember the state of its database."""

    @abstractmethod
    def restore(self, place: Place) -> None:
        """Bring its database back to the state that was kept."""

    def close(self) -> None:  # noqa: B027 - files go with their folder
        """Drop what was made."""


class SQLite(Ground):
    """Files, copied."""

    name = "sqlite"

    def __init__(self) -> None:
        self.kept: dict[Path, bytes] = {}

    def place(self, folder: Path, samples: Iterable[Sample] = ()) -> Place:
        return Place(folder, samples)

    def keep(self, place: Place) -> None:
        self.kept[place.file] = place.file.read_bytes()

    def restore(self, place: Place) -> None:
        for suffix in ("-journal", "-wal", "-shm"):
            Path(f"{place.file}{suffix}").unlink(missing_ok=True)
        place.file.write_bytes(self.kept[place.file])


class OnServer(Ground):
    """Databases on a server."""

    quotes: str

    def __init__(self, server: URL) -> None:
        self.server = server
        self.private: PrivateServer | None = None  # nobody else's, so that it may be killed
        self.made: list[str] = []

    def place(self, folder: Path, samples: Iterable[Sample] = ()) -> Place:
        name = f"console_bench_{secrets.token_hex(6)}"
        self.create(name)
        return Served(folder, shown(self.server.set(database=name)), samples)

    def create(self, name: str, more: str = "") -> None:
        """Create a database."""
        self.execute(f"CREATE DATABASE {self.quoted(name)} {more}")
        if name not in self.made:
            self.made.append(name)

    def execute(self, *statements: str) -> None:
        """Execute statements beside the databases."""
        with engine_of(self.server).connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def quoted(self, name: str) -> str:
        """A name as SQL wants it."""
        return f"{self.quotes}{name}{self.quotes}"

    def drop(self, name: str) -> None:
        """Drop a database."""
        self.execute(f"DROP DATABASE IF EXISTS {self.quoted(name)}")

    def close(self) -> None:
        for name in self.made:
            self.drop(name)


class PostgreSQL(OnServer):
    """Databases, copied by TEMPLATE."""

    name, quotes = "postgresql", '"'

    def drop(self, name: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {self.quoted(name)} WITH (FORCE)")

    def keep(self, place: Place) -> None:
        self._copy(database_of(place), f"{database_of(place)}_kept")

    def restore(self, place: Place) -> None:
        self._copy(f"{database_of(place)}_kept", database_of(place))

    def _copy(self, source: str, name: str) -> None:
        self.drop(name)
        self.create(name, f"TEMPLATE {self.quoted(source)}")


class MariaDB(OnServer):
    """Databases, written down as SQL and loaded again by the programs of their server."""

    name, quotes = "mariadb", "`"

    def __init__(self, server: URL) -> None:
        super().__init__(server)
        self.kept: dict[str, bytes] = {}
        with engine_of(server).connect() as connection:
            self.programs = programs_for(connection)

    def keep(self, place: Place) -> None:
        flags = ("--routines", "--triggers", "--single-transaction", "--skip-dump-date")
        tool = (self.programs.dumper, *self.access, *flags, *self.programs.flags)
        self.kept[database_of(place)] = output_of(*tool, database_of(place))

    def restore(self, place: Place) -> None:
        name = database_of(place)
        self.drop(name)
        self.create(name)
        output_of(self.programs.client, *self.access, name, given=self.kept[name])

    @property
    def access(self) -> tuple[str, ...]:
        """What brings a program to the server."""
        at = (f"--host={self.server.host}", f"--port={self.server.port or 3306}")
        who = f"--user={self.server.username}"
        secret = [f"--password={self.server.password}"] if self.server.password else []
        return ("--protocol=tcp", *at, who, *secret)


class MySQL(MariaDB):
    """The same on MySQL."""

    name = "mysql"


GROUNDS: dict[str, type[OnServer]] = {
    ground.name: ground for ground in (PostgreSQL, MariaDB, MySQL)
}


def output_of(*command: str, given: bytes | None = None) -> bytes:
    """What a program writes."""
    return subprocess.run(command, input=given, check=True, capture_output=True).stdout


def database_of(place: Place) -> str:
    """The name of a place's database on its server."""
    return place.target.parsed_url.database or ""


@contextmanager
def ground_of(name: str, folder: Path) -> Iterator[Ground]:
    """The ground of a name: on the server that the environment states, else on one of our own, else
    on the one that the tests use; NoServer where there is none."""
    with ExitStack() as stack:
        try:
            if name != "sqlite" and os.environ.get(STATED[name]):
                raise NoServer("Another one is stated.")
            ground = stack.enter_context(private_ground(name, folder))
        except NoServer:
            ground = on_server(name, stack.enter_context(FIND[name](folder / "server")))
            stack.callback(ground.close)
        yield ground


@contextmanager
def private_ground(name: str, folder: Path) -> Iterator[Ground]:
    """The ground of a name on a server that nobody else uses; NoServer where there is none."""
    if name == "sqlite":
        yield SQLite()
        return
    server = PRIVATE[name](folder / "server")
    try:
        server.start()
        ground = on_server(name, server.url)
        ground.private = server
        yield ground
    finally:
        server.stop()


def on_server(name: str, server: URL) -> OnServer:
    """The ground of a name on a given server."""
    return GROUNDS[name](server)
