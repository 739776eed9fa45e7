"""Names with a blank, a dot or a quote in them are judged like all others, and can be pasted."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from console.hazards.hazard import Hazard
from tests.hazards.judging import codes, judged, only, sketched
from tests.hazards.shop import shop
from tests.histories.place import Place
from tests.servers import engine_of

ODD = ["my things", "my.things", 'my"things', "my'things", "my-things", "my`things"]
DATABASES = ["sqlite", "postgresql", "mysql"]


def quoted(database: str, name: str) -> str:
    """A name as a database quotes it."""
    sign = "`" if database == "mysql" else '"'
    return sign + name.replace(sign, sign * 2) + sign


def pasted(hazards: tuple[Hazard, ...]) -> None:
    """What is to be pasted is Python."""
    for hazard in hazards:
        ast.parse(hazard.rewrite.replace("…", "decided"))


CHANGES: dict[str, Callable[[str, Callable[[str], str]], str]] = {
    "drop-column": lambda n, q: f"op.drop_column({n!r}, {n!r})",
    "rename-column": lambda n, q: f"op.alter_column({n!r}, {n!r}, new_column_name={n + '2'!r})",
    "dml-without-where": lambda n, q: f"op.execute(sa.table({n!r}, sa.column({n!r})).delete())",
    "compares-with-null": lambda n, q: f"op.execute({f'DELETE FROM {q(n)} WHERE {q(n)} = NULL'!r})",
    "drop-table": lambda n, q: f"op.execute({f'DROP TABLE {q(n)}'!r})",
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("code", CHANGES)
@pytest.mark.parametrize("database", DATABASES)
def test_a_file_is_judged_whatever_its_tables_are_called(
    place: Place, database: str, code: str, name: str
) -> None:
    up = CHANGES[code](name, lambda plain: quoted(database, plain))
    hazards = sketched(place, up, database)
    plain = sketched(place, CHANGES[code]("thing", lambda plain: quoted(database, plain)), database)
    assert [h.code for h in hazards] == [h.code for h in plain]
    assert name.replace('"', "") in only(hazards, code).danger.replace('"', "")
    pasted(hazards)


@pytest.mark.parametrize("name", ODD)
def test_what_postgresql_does_to_them_is_found_in_a_file(place: Place, name: str) -> None:
    for code, up in (
        ("set-not-null-scan", f"op.alter_column({name!r}, 'size', nullable=False)"),
        ("change-type", f"op.alter_column({name!r}, 'size', type_=sa.BigInteger())"),
        ("index-not-concurrent", f"op.create_index('ix', {name!r}, [{name!r}])"),
        ("foreign-key-valid", f"op.create_foreign_key('fk', {name!r}, {name!r}, ['a'], ['b'])"),
    ):
        assert name.replace('"', "") in only(sketched(place, up), code).danger.replace('"', "")


@pytest.fixture(params=["sqlite", "postgresql", "mariadb", "mysql"])
def any_place(request: pytest.FixtureRequest, tmp_path: Path, place: Place) -> Place:
    """A shop on each kind of server."""
    if request.param == "sqlite":
        return place
    return shop(tmp_path, request.getfixturevalue(request.param))


def test_their_rows_and_values_are_counted(any_place: Place) -> None:
    database = any_place.target.parsed_url.get_backend_name()
    names = ["my things", "my.parts", 'my"shelves']
    with engine_of(any_place.target.url).connect() as connection:
        for name in names:
            q = quoted(database, name)
            connection.exec_driver_sql(f"CREATE TABLE {q} (id INTEGER PRIMARY KEY, {q} INTEGER)")
            connection.exec_driver_sql(f"INSERT INTO {q} VALUES (1, 70000), (2, NULL)")
    lines = [
        line
        for name in names
        for line in (
            f"with op.batch_alter_table({name!r}) as batch:\n    batch.drop_column({name!r})",
            f"op.execute({f'DELETE FROM {quoted(database, name)}'!r})",
            f"op.drop_table({name!r})",
        )
    ]
    hazards = judged(any_place, "\n".join(lines), "raise NotImplementedError")
    dangers = " ".join(h.danger for h in hazards).replace('"', "")
    for name in (name.replace('"', "") for name in names):
        assert f"The column {name} of {name} is dropped: 1 value lost." in dangers
        assert f"DELETE without WHERE removes all 2 rows of {name}." in dangers
        assert f"The table {name} is dropped: 2 rows lost." in dangers
    pasted(hazards)


def test_a_column_whose_name_holds_what_sql_means_is_a_column(place: Place) -> None:
    up = "op.add_column('products', sa.Column('a, b NOT NULL', sa.Integer()))"
    assert "add-not-null-without-default" not in codes(sketched(place, up))
