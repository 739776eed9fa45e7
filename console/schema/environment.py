"""environment: the Alembic environment of a job, set up inside the child.

Everything here happens in a process of its own, so it may set up SQLAlchemy's and Alembic's classes
for all engines that the application makes, whenever it makes them.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from configparser import ConfigParser
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import to_tuple
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, ExceptionContext
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import Pool

from console.schema.arguments import arguments_of
from console.schema.boundary import boundary_in, is_begin
from console.schema.bypass import watch
from console.schema.dialect import Busy, Dialect
from console.schema.dialects import dialect_of
from console.schema.driver import forbids
from console.schema.errors import MigrationFailed, Unsupported, WrongDatabase
from console.schema.guard import BY_HAND, HIDDEN, OUTSIDE, OWN_WAY, ROLLED_BACK, SPLITS, Guard
from console.schema.job import Job
from console.schema.lock import busy_at_commit, locked
from console.schema.several import Several, in_one_phase
from console.schema.target import Target

Work = Callable[[tuple[str, ...], MigrationContext], Iterable[Any]]
MARK, REAL = "console_target", "console_real"
OF_ALL = ("generate", "check")  # a revision file is one for all databases of an application

EXTERNAL = (
    "env.py begins a transaction of its own around the migrations, which an autocommit_block() cannot "
    "leave. Let env.py connect without one, and use `with context.begin_transaction():`."
)
SECOND = (
    "The migration opened a second connection, which waits for what its first one has locked, or writes "
    "what would be no part of the plan; it may only read. Do everything by op.get_bind()."
)


@contextmanager
def configuration(job: Job) -> Iterator[Config]:
    """Yield Alembic's configuration: from the target's host if it has one, else from its ini file,
    with the script folder of the job."""
    target = job.target
    if target.host:
        module, _, name = target.host.factory.partition(":")
        factory = getattr(importlib.import_module(module), name)
        is_whole = target.host.only is None or job.kind in OF_ALL
        alone = {} if is_whole else {"only": target.host.only}
        with factory(target.url, *target.host.args, **alone) as config:
            yield _pointed(config, job)
        return
    config = _of_files(target)
    config.set_main_option("sqlalchemy.url", target.url.replace("%", "%%"))
    yield _pointed(config, job)


def _of_files(target: Target) -> Config:
    """The configuration that the target's files say, as if they lay in the folder `here`."""
    config = Config(str(target.ini) if target.ini else None, ini_section=target.ini_section)
    if target.toml is not None:
        config.toml_file_name = str(target.toml)  # Alembic before 1.16 has no argument for it
    if target.here is not None:  # Alembic would take %(here)s from where the files lie
        here = target.here.as_posix()
        if target.ini is not None:
            config.config_args["here"] = here
            config.file_config = ConfigParser(config.config_args)
            config.file_config.read(target.ini, encoding="locale")
        if target.toml is not None and getattr(config, "toml_alembic_config", None):
            config.toml_args["here"] = here  # which reading the file has just set
    return config


def _pointed(config: Config, job: Job) -> Config:
    """Point a configuration at the script folder of the job, whatever its file says."""
    locations = os.pathsep.join(str(path) for path in job.target.version_locations)
    recursive = "true" if job.target.recursive_version_locations else "false"
    options = {
        "script_location": str(job.target.script_location),
        "version_locations": locations,
        "path_separator": "os",
        "version_path_separator": "os",
        "recursive_version_locations": recursive,
    }
    for name, value in options.items():
        config.set_main_option(name, value.replace("%", "%%"))
    return config


class Environment:
    """Runs env.py with a function of ours, on the right database, in one guarded transaction; where
    the guard says that a plan is not whole, in one a revision."""

    def __init__(self, job: Job, guard: Guard, *, is_reading: bool = False) -> None:
        self.job, self.guard, self.is_reading = job, guard, is_reading
        self.dialect: Dialect = dialect_of(job.target)
        self.identity = self.dialect.reach(job.target)
        guard.whole = self.dialect.is_transactional
        guard.confined = bool(job.target.stands_for)
        self._real: str | None = None
        self._is_looking = False

    def install(self) -> None:
        """Listen on every engine of this process, before the application makes its own."""
        event.listen(Engine, "connect", self._connected)
        event.listen(Engine, "begin", self._began)
        event.listen(Engine, "before_cursor_execute", self._executing, retval=True)
        event.listen(Engine, "commit", self._committing)
        event.listen(Engine, "rollback", self._rolling_back)
        event.listen(Engine, "handle_error", self._erred)
        event.listen(Pool, "checkin", self._returned)
        watch(self.guard)
        if self._only is not None:
            in_one_phase()

    def run(
        self,
        config: Config,
        script: ScriptDirectory,
        work: Work,
        *,
        command: Sequence[str],
        **options: Any,
    ) -> None:
        """Run env.py once, with what Alembic's `command` would tell it. Raises what the migration code
        raises, and TargetLocked."""
        if self.job.target.host is None:  # Flask-Migrate has set its own
            config.cmd_opts = arguments_of(self.job.target, command)
        told = {"starting_rev": None, "tag": None, **options}
        context = EnvironmentContext(config, script, fn=work, **told)
        configure = context.configure
        applied = getattr(work, "applied", None)

        def configured(connection: Connection | None = None, **given: Any) -> None:
            self._verify(connection)
            given["transactional_ddl"] = self.dialect.is_transactional
            given["transaction_per_migration"] = not self.guard.whole
            if applied is not None:
                given["on_version_apply"] = (*to_tuple(given.get("on_version_apply"), ()), applied)
            configure(connection=connection, **given)
            self._check(context.get_context())

        setattr(context, "configure", configured)  # noqa: B010 - mypy refuses the plain assignment
        several = Several(self._only, self._verify) if self._only is not None else None
        if several:
            several.watch(context)
        try:
            with context:
                script.run_env()
            if several:
                several.conclude()
        except OperationalError as error:
            if self.dialect.is_locked(error) and self.guard.state != "running":
                words = locked if self.guard.state == "idle" else busy_at_commit
                raise words(self.job.target.name, self.job.lock_wait) from error
            raise

    def waits_for_lock(self, error: BaseException | None) -> bool:
        """Whether a pass failed for a lock that somebody else had, and may be tried again."""
        while error is not None and self.dialect.retries and not isinstance(error, MigrationFailed):
            if self.dialect.is_locked(error):
                return not isinstance(error, Busy)  # that one has waited for all of its time
            error = error.__cause__
        return False

    @property
    def _only(self) -> str | None:
        """The one of several engines that env.py is kept to."""
        host = self.job.target.host
        return host.only if host is not None and self.job.kind not in OF_ALL else None

    def _verify(self, connection: Connection | None) -> None:
        """Raise WrongDatabase unless env.py connected to the target; where it only compares, and is
        one for several databases, to any of them."""
        host = self.job.target.host
        if host is not None and host.only is not None and self._only is None:
            return
        if connection is None:
            raise Unsupported("env.py configures no connection: it cannot run a plan.")
        if connection.dialect.name not in self.dialect.names:
            shown = connection.engine.url.render_as_string(hide_password=True)
            raise WrongDatabase(self.identity, shown)
        actual = self.dialect.identify(connection.connection.dbapi_connection)
        if actual != self.identity:
            raise WrongDatabase(self.identity, actual)

    def _check(self, context: MigrationContext) -> None:
        """Hold env.py's options against the target, and keep the transaction in one piece."""
        target = self.job.target
        named = (context.version_table, context.version_table_schema)
        if named != (target.version_table, target.version_table_schema):
            theirs = ".".join(name for name in reversed(named) if name)
            raise Unsupported(
                f"env.py keeps its place in the table '{theirs}', but the target "
                f"says '{target.version_tables[-1]}'. Say the same in both: version_table and "
                "version_table_schema, in env.py and where the target is named."
            )

        if self.dialect.splits and not self.guard.whole:
            if context._in_external_transaction:
                raise Unsupported(EXTERNAL)
            return

        def refuse() -> None:
            raise MigrationFailed(HIDDEN)

        if not self.is_reading:
            # Where nothing can leave the transaction, or DDL is never in one, the block means nothing.
            block = refuse if self.dialect.splits else nullcontext
            setattr(context, "autocommit_block", block)  # noqa: B010 - see above

    def _connected(self, dbapi_connection: Any, record: Any) -> None:
        """Prepare connections to the target; leave those to other databases alone."""
        if not self.dialect.speaks(dbapi_connection):
            return
        reached = self.dialect.identify(dbapi_connection)
        dbapi_connection.rollback()
        if reached == self.identity:
            record.info[MARK] = True
            self.dialect.prepare(dbapi_connection, self.guard, self.job.lock_wait)
        elif self.guard.confined and self._is_real(reached):
            record.info[REAL] = True
            self.dialect.forbid_writing(dbapi_connection)

    def _is_real(self, reached: str) -> bool:
        """Whether this is the identity of the database that a copy stands for, or may be."""
        if self._is_looking:  # the look itself is a connection, of which this is asked too
            return True
        if self._real is None:
            real = replace(self.job.target, url=self.job.target.stands_for)
            self._is_looking = True
            try:
                self._real = self.dialect.reach(real)
            except DBAPIError:
                return True  # it does not answer now, so this may be it
            finally:
                self._is_looking = False
        return reached == self._real

    def _began(self, connection: Connection) -> None:
        if not connection.info.get(MARK):
            return
        raw = connection.connection.dbapi_connection
        try:
            if self.is_reading:
                self.dialect.begin_reading(raw)
            else:
                self.dialect.begin(raw, self.job.target, self.job.lock_wait)
        except Exception as error:
            if self.dialect.is_locked(error):
                raise locked(self.job.target.name, self.job.lock_wait) from error
            if self.guard.state == "running" and self.guard.tried:  # SQLite lets nobody begin
                words = ROLLED_BACK if self.guard.rolled_back else SECOND
                raise self._stray(words) from error
            raise

    def _executing(
        self, conn: Connection, cursor: Any, sql: str, parameters: Any, context: Any, many: bool
    ) -> tuple[str, Any]:
        """Refuse what would end the transaction; swallow the application's own BEGIN."""
        if not conn.info.get(MARK):
            return sql, parameters
        raw: Any = conn.connection.dbapi_connection
        if is_begin(sql) and getattr(raw, "in_transaction", False):
            return "SELECT 1", ()  # an application's own listener, after ours
        if self.guard.confined and (name := self.dialect.outside(sql)):
            self.guard.outside = name
            raise MigrationFailed(OUTSIDE.format(name=name))
        if self.guard.state == "running" and self.dialect.is_transactional:
            if word := boundary_in(sql):
                raise MigrationFailed((SPLITS if self.guard.whole else BY_HAND).format(word=word))
            if self.guard.whole:
                self.dialect.lost_transaction(raw, self.guard)
                self.guard.refuse_if_broken()
        return sql, parameters

    def _committing(self, connection: Connection) -> None:
        if connection.info.get(MARK) and self.guard.whole:
            if self.guard.state == "running":
                raise MigrationFailed(SPLITS.format(word="COMMIT"))
            if self.dialect.commits(connection.connection.dbapi_connection):
                self.guard.allows("COMMIT")

    def _rolling_back(self, connection: Connection) -> None:
        if not connection.info.get(MARK) or not self.guard.whole:
            return
        if self.dialect.commits(connection.connection.dbapi_connection):
            self.guard.allows("ROLLBACK")

    def _erred(self, context: ExceptionContext) -> None:
        """Say what a second connection ran into: the locks of the first, which would never end."""
        connection = context.connection
        if connection is not None and connection.info.get(REAL):
            raise self._stray(OWN_WAY) from context.original_exception
        if connection is None or not connection.info.get(MARK) or self.is_reading:
            return
        raw = connection.connection.dbapi_connection
        error = context.original_exception
        if not self.dialect.commits(raw) and (self.dialect.is_locked(error) or forbids(error)):
            raise self._stray(SECOND) from error

    def _stray(self, words: str) -> MigrationFailed:
        """What to raise; it is raised again at the end, since a thread of the migration may have lost it."""
        if self.guard.state == "running":
            self.guard.strayed = words
        return MigrationFailed(words)

    def _returned(self, dbapi_connection: Any, record: Any) -> None:
        """A connection goes back to its pool, where nobody could free what it still holds."""
        if dbapi_connection is not None and record.info.get(MARK):
            self.dialect.release(dbapi_connection)
