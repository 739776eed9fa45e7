"""What a migration grants while it is rehearsed is gone with its copy."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import Connection

from tests.histories.place import PRODUCTS
from tests.histories.script_folder import Sample
from tests.histories.served import Served
from tests.servers import engine_of

TABLES = ("db", "tables_priv", "columns_priv", "procs_priv")
GRANTS = """
CREATE PROCEDURE p() SELECT 1
CREATE TABLE once (id int)
GRANT SELECT ON products TO {user}
GRANT SELECT ON products TO {role}
GRANT SELECT ON once TO {user}
DROP TABLE once
GRANT UPDATE (name) ON products TO {user} WITH GRANT OPTION
GRANT INSERT ON * TO {user} WITH GRANT OPTION
GRANT EXECUTE ON PROCEDURE p TO {user} WITH GRANT OPTION
"""


@pytest.fixture
def server(either: str) -> Iterator[Connection]:
    """A connection to MariaDB or MySQL."""
    with engine_of(either).connect() as connection:
        yield connection


@pytest.fixture
def names(server: Connection) -> Iterator[dict[str, str]]:
    """A user and a role of that server, with a right on nothing."""
    made = {kind: f"console_{kind}_{secrets.token_hex(4)}" for kind in ("user", "role")}
    for kind, name in made.items():
        server.exec_driver_sql(f"CREATE {kind} {name}")
    yield made
    for kind, name in made.items():
        server.exec_driver_sql(f"DROP {kind} {name}")


def rights_of(server: Connection, names: dict[str, str]) -> list[str]:
    """The tables of the server in which there is a right of the two."""
    few = "', '".join(names.values())
    asked = "SELECT count(*) FROM mysql.{} WHERE user IN ('{}') AND db LIKE 'console%%'"
    return [t for t in TABLES if server.exec_driver_sql(asked.format(t, few)).scalar()]


def test_no_right_on_a_copy_outlives_it(
    tmp_path: Path, either: str, server: Connection, names: dict[str, str]
) -> None:
    up = "\n".join(f"op.execute({line.format(**names)!r})" for line in GRANTS.strip().splitlines())
    place = Served(tmp_path, either, [PRODUCTS, Sample("bbbb1", ("aaaa1",), up=up)], at="aaaa1")
    server.exec_driver_sql(f"GRANT DELETE ON products TO {names['user']}")
    rehearsal = place.rehearse()
    assert rehearsal.succeeded, rehearsal.error
    assert rights_of(server, names) == ["tables_priv"], "what is of the database itself stays"
    asked = f"SELECT count(*) FROM mysql.tables_priv WHERE user = '{names['user']}'"
    assert server.exec_driver_sql(asked).scalar() == 1
