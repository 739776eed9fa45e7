"""A target on a database server, for tests that run migrations there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import inspect

from console.schema.catalogue import read_catalogue
from console.schema.connection import read_only
from console.schema.executor import apply
from tests.histories.place import ROWS, Place
from tests.histories.script_folder import Sample
from tests.servers import engine_of


class Served(Place):
    """As `Place`, on the empty database at `url`."""

    def __init__(
        self, folder: Path, url: str, samples: Iterable[Sample] = (), *, at: str | None = None
    ) -> None:
        super().__init__(folder, samples)
        self.url = url
        self.target = replace(self.target, url=url)
        if at:
            apply(self.target, self.plan(at))
            self.run(ROWS)

    def run(self, script: str) -> None:
        """Change the database from outside, statement by statement."""
        engine = engine_of(self.url)
        with engine.connect() as connection:
            for statement in filter(str.strip, script.split(";\n")):
                connection.exec_driver_sql(statement.replace("%", "%%"))

    def ask(self, sql: str) -> list[Any]:
        """Read from the database; rows of one column come as its values."""
        engine = engine_of(self.url)
        with engine.connect() as connection:
            rows = connection.exec_driver_sql(sql.replace("%", "%%")).all()
        return [row[0] if len(row) == 1 else tuple(row) for row in rows]

    def dump(self) -> list[str]:
        """The schema's fingerprint and every row."""
        with read_only(self.target) as connection:
            assert connection is not None
            found = [read_catalogue(connection).fingerprint]
            for name in sorted(inspect(connection).get_table_names()):
                quoted = connection.dialect.identifier_preparer.quote(name)
                rows = connection.exec_driver_sql(f"SELECT * FROM {quoted}").all()
                found += sorted(f"{name} {row}" for row in rows)
        return found
