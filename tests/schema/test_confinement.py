"""A rehearsal changes nothing but its copy, whatever a migration tries."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from console.schema.errors import MigrationFailed
from console.schema.job import Job, Pass
from console.schema.process import run_job
from console.schema.progress import silent
from console.schema.rebuild import rebuild
from tests.histories.place import PRODUCTS, Place
from tests.histories.script_folder import ENVIRONMENT, Sample
from tests.histories.served import Served
from tests.servers import MakeDatabase, engine_of

OWN_WAY = """\
engine = sa.create_engine({url!r})
with engine.begin() as other:
    other.execute(sa.text({sql!r}))"""
WEIGHTS = "SELECT weight FROM products ORDER BY id"


@pytest.fixture(params=["sqlite", "postgresql", "mariadb", "mysql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Three products and three reviews, on each database."""
    if request.param == "sqlite":
        return Place(tmp_path, [PRODUCTS], at="aaaa1")
    return Served(tmp_path, request.getfixturevalue(request.param), [PRODUCTS], at="aaaa1")


def revision(up: str) -> Sample:
    """A revision upon the products that does this."""
    return Sample("bbbb1", ("aaaa1",), up=up)


def test_a_connection_of_its_own_reaches_the_real_database_only_to_read(place: Place) -> None:
    reads = OWN_WAY.format(url=place.target.url, sql="SELECT count(*) FROM products")
    place.write(revision(reads))
    assert place.rehearse().error is None
    place.write(
        revision(OWN_WAY.format(url=place.target.url, sql="UPDATE products SET weight = 1"))
    )
    before = place.dump()
    rehearsal = place.rehearse()
    assert rehearsal.error is not None
    assert "a connection of its own, past the copy" in rehearsal.error
    assert place.dump() == before


def test_where_the_real_database_does_not_say_who_it_is_no_other_is_written_to(
    make_postgresql: MakeDatabase, tmp_path: Path
) -> None:
    place = Served(tmp_path, make_postgresql(), [PRODUCTS], at="aaaa1")
    other = make_postgresql()
    with engine_of(other).begin() as connection:
        connection.exec_driver_sql("CREATE TABLE products AS SELECT 2 AS weight")
    place.write(revision(OWN_WAY.format(url=other, sql="UPDATE products SET weight = 1")))
    plan = place.plan()
    gone = make_url(other).set(database="gone").render_as_string(hide_password=False)
    copy = replace(place.target, stands_for=gone)
    answer = run_job(Job("run", copy, (Pass(plan.steps, plan.start),)), progress=silent)
    assert answer.failure is not None
    assert "a connection of its own, past the copy" in answer.failure.message
    with engine_of(other).connect() as connection:
        assert connection.exec_driver_sql(WEIGHTS.partition(" ORDER")[0]).scalar() == 2


@pytest.fixture(params=["mariadb", "mysql"])
def named(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Served, str]:
    """The same where a statement may name its database, and the name."""
    url = request.getfixturevalue(request.param)
    place = Served(tmp_path, url, [PRODUCTS], at="aaaa1")
    return place, str(make_url(url).database)


@pytest.mark.parametrize(
    "up",
    [
        'op.execute("UPDATE {name}.products SET weight = 1")',
        'op.add_column("products", sa.Column("price", sa.Integer), schema="{name}")',
        'op.get_bind().connection.cursor().execute("UPDATE `{name}`.products SET weight = 1")',
        'op.execute("CREATE DATABASE {name}_more")',
        'try:\n    op.execute("DROP TABLE {name}.reviews")\nexcept Exception:\n    pass',
    ],
)
def test_the_real_database_is_not_changed_by_its_name(named: tuple[Served, str], up: str) -> None:
    place, name = named
    place.write(revision(up.format(name=name)))
    before = place.dump()
    rehearsal = place.rehearse()
    assert place.dump() == before
    assert rehearsal.error is not None
    assert "something outside of its database" in rehearsal.error


def test_a_history_that_names_its_database_is_not_rebuilt_there(named: tuple[Served, str]) -> None:
    place, name = named
    place.write(revision(f'op.execute("CREATE TABLE {name}.more (id int)")'))
    before = place.dump()
    with pytest.raises(MigrationFailed, match="outside of its database"):
        rebuild(place.target, ["bbbb1"])
    assert place.dump() == before


@pytest.mark.parametrize("by", ["env.py", "the revision"])
def test_a_file_that_is_attached_is_only_read(tmp_path: Path, by: str) -> None:
    file = tmp_path / "archive.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE old (id integer)")
    attach = f"ATTACH '{file}' AS archive"
    place = Place(tmp_path, [PRODUCTS], at="aaaa1")
    if by == "env.py":
        listens = f"""\
from sqlalchemy import event

@event.listens_for(engine, "connect")
def attach(connection, _):
    connection.execute({attach!r})

with engine.connect()"""
        place.environment(ENVIRONMENT.replace("with engine.connect()", listens, 1))
        first = ""
    else:
        first = f"op.execute({attach!r})\n"
    place.write(
        revision(f'{first}op.get_bind().exec_driver_sql("SELECT * FROM archive.old").all()')
    )
    assert place.rehearse().error is None
    place.write(revision(f'{first}op.execute("INSERT INTO archive.old VALUES (1)")'))
    rehearsal = place.rehearse()
    assert rehearsal.error is not None
    assert "the attached database 'archive'" in rehearsal.error
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT * FROM old").fetchall() == []
