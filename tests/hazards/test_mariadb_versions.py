"""How often MySQL changes the columns of a table at once is asked of the live database."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.hazards.hazard import Hazard
from console.schema.inquiry import put
from console.schema.probe import Probe, Question
from tests.hazards.making import made_up
from tests.servers import engine_of

ADD = "ALTER TABLE products ADD COLUMN {0} INT"
AT_ONCE = f"{ADD}, ALGORITHM=INSTANT"
ON_MYSQL = "MySQL dump and load"


def found(
    folder: Path, *sql: str, left: int | None = 0, clone: str = ON_MYSQL
) -> tuple[Hazard, ...]:
    """What the rule finds where so many changes are left; nobody knows how many for None."""

    def ask(question: Question) -> Probe:
        answer = None if left is None else max(question.changes - left, 0)
        is_it = question.kind == "versions"
        return Probe(question, answer if is_it else None, datetime(2026, 5, 1, tzinfo=UTC))

    hazards = made_up(folder, "mysql", *sql, clone=clone, ask=ask)
    return tuple(hazard for hazard in hazards if hazard.code == "row-version-limit")


def test_a_change_too_many_makes_the_table_anew(tmp_path: Path) -> None:
    (hazard,) = found(tmp_path, ADD.format("a"))
    assert (hazard.severity, hazard.danger) == (
        "warning",
        "MySQL writes the whole table anew for the change of the columns of products: 1 change of the "
        "columns of products is more than MySQL makes at once.",
    )
    assert "ALTER TABLE products FORCE, ALGORITHM=INPLACE, LOCK=NONE" in hazard.rewrite


def test_it_is_refused_where_it_has_to_be_at_once(tmp_path: Path) -> None:
    (hazard,) = found(tmp_path, AT_ONCE.format("a"))
    assert hazard.severity == "error"
    assert hazard.danger.startswith("MySQL refuses the change of the columns of products: ")


@pytest.mark.parametrize(
    ("sql", "left", "is_found"),
    [
        ([ADD.format("a, ADD COLUMN b")], 1, False),  # one statement is one change
        ([ADD.format("a"), "ALTER TABLE products DROP COLUMN made"], 1, True),
        ([ADD.format("a"), "ALTER TABLE products DROP COLUMN made"], 2, False),
        (["ALTER TABLE products FORCE", ADD.format("a")], 0, False),
        ([f"{ADD.format('a')}, ALGORITHM=INPLACE"], 0, False),
        (["ALTER TABLE products RENAME COLUMN made TO born"], 0, False),
        (["ALTER TABLE fresh ADD COLUMN a INT"], 0, False),
    ],
)
def test_the_changes_of_a_plan_are_counted(
    tmp_path: Path, sql: list[str], left: int, is_found: bool
) -> None:
    assert bool(found(tmp_path, *sql, left=left)) is is_found


def test_mariadb_has_no_such_limit(tmp_path: Path) -> None:
    assert found(tmp_path, AT_ONCE.format("a"), clone="MariaDB dump and load") == ()


def test_no_answer_is_told_where_it_would_be_refused(tmp_path: Path) -> None:
    (hazard,) = found(tmp_path, AT_ONCE.format("a"), left=None)
    assert hazard.severity == "warning"
    assert hazard.danger.startswith("It is not known whether MySQL refuses")
    (tmp_path / "other").mkdir()
    assert found(tmp_path / "other", ADD.format("a"), left=None) == ()


def test_the_server_says_how_many_are_left(mysql: str) -> None:
    with engine_of(mysql).connect() as connection:
        for statement in (
            "CREATE TABLE t (id INT PRIMARY KEY)",
            "INSERT INTO t VALUES (1)",
            "ALTER TABLE t ADD COLUMN a INT, ADD COLUMN b INT",
            "ALTER TABLE t DROP COLUMN b",
        ):
            connection.exec_driver_sql(statement)

        def too_many(changes: int) -> int | None:
            return put(connection, Question("versions", "t", changes=changes)).answer

        assert [too_many(1), too_many(253), too_many(255)] == [0, 0, 2]
        connection.exec_driver_sql("ALTER TABLE t FORCE, ALGORITHM=INPLACE, LOCK=NONE")
        assert too_many(255) == 0


def test_mariadb_does_not_say(mariadb: str) -> None:
    with engine_of(mariadb).connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (id INT PRIMARY KEY)")
        assert put(connection, Question("versions", "t", changes=999)).answer is None
