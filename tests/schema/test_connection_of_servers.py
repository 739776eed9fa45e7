"""A look at a database on a server neither changes anything nor lasts for ever."""

from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from console.schema import connection as module
from console.schema.connection import read_only
from console.schema.errors import Unsupported
from console.schema.history import read_history
from console.schema.plan import make_plan, observe
from console.schema.standing import read_standing
from console.schema.target import Target
from tests.histories.script_folder import line, target_of, write_folder
from tests.servers import engine_of


@pytest.fixture(params=["postgresql", "mariadb", "mysql"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    """An empty database with a history of three revisions."""
    folder = write_folder(tmp_path / "migrations", line("aaaa1", "bbbb1", "cccc1"))
    return target_of(folder, url=request.getfixturevalue(request.param))


def run(target: Target, *statements: str) -> None:
    with engine_of(target.url).connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def look(target: Target, statement: str) -> None:
    with read_only(target) as connection:
        assert connection is not None
        connection.exec_driver_sql(statement)


@pytest.mark.parametrize(
    "statement", ["INSERT INTO t VALUES (2)", "CREATE TABLE u (a int)", "DROP TABLE t"]
)
def test_writing_is_refused_by_the_server(target: Target, statement: str) -> None:
    run(target, "CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)")
    with pytest.raises(DBAPIError, match=r"(?i)read.only transaction"):
        look(target, statement)


def test_all_reads_see_one_state(target: Target) -> None:
    run(target, "CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)")
    with read_only(target) as connection:
        assert connection is not None
        assert connection.exec_driver_sql("SELECT count(*) FROM t").scalar() == 1
        run(target, "INSERT INTO t VALUES (2)")
        assert connection.exec_driver_sql("SELECT count(*) FROM t").scalar() == 1


def test_a_statement_that_lasts_is_ended(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STATEMENT_SECONDS", 1)
    columns = "information_schema.columns"
    wait = f"SELECT count(*) FROM {columns} a, {columns} b, {columns} c, {columns} d"
    with pytest.raises(DBAPIError, match=r"timeout|max_statement|maximum statement"):
        look(target, wait)


def test_where_a_database_stands_is_read(target: Target) -> None:
    history = read_history(target)
    assert read_standing(target, history).pending == ("aaaa1", "bbbb1", "cccc1")
    run(
        target,
        "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)",
        "INSERT INTO alembic_version VALUES ('bbbb1')",
    )
    standing = read_standing(target, history)
    assert (standing.heads, standing.pending) == (("bbbb1",), ("cccc1",))


def test_a_plan_is_bound_to_the_live_schema(target: Target) -> None:
    before = make_plan(target, "head")
    assert [step.revision for step in before.steps] == ["aaaa1", "bbbb1", "cccc1"]
    run(target, "CREATE TABLE t (a int)")
    after = make_plan(target, "head")
    assert after.changes_since(before) == ("the schema of the database changed",)


def test_a_driver_that_is_not_installed_or_asynchronous_gives_way(target: Target) -> None:
    scheme = target.url.partition(":")[0]
    other = scheme.partition("+")[0] + ("+asyncpg" if "postgresql" in scheme else "+mysqldb")
    changed = target_of(target.script_location, url=target.url.replace(scheme, other))
    assert observe(changed) == observe(target)


def test_a_database_without_any_driver_says_what_to_install(tmp_path: Path) -> None:
    with (
        pytest.raises(Unsupported, match="install a driver for oracle"),
        read_only(target_of(tmp_path, url="oracle+cx_oracle://x/y")),
    ):
        pass
