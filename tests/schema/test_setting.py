"""What is said of a thing beside its definition is missed where a plan takes it away without a word."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import Connection

from console.schema.errors import MigrationFailed
from console.schema.excess import excess
from console.schema.executor import apply
from console.schema.ledger import Count, Ledger, TableCount
from console.schema.setting import Setting, gained, lost
from console.schema.survival import compare
from tests.histories.place import PRODUCTS
from tests.histories.script_folder import ENVIRONMENT, Sample
from tests.histories.served import Served
from tests.schema.counting import ledger_of
from tests.servers import engine_of

TABLE = "CREATE TABLE t (id int PRIMARY KEY, a varchar(20))"
AGAIN = (
    "CREATE TABLE n (id int PRIMARY KEY, a varchar(20))",
    "INSERT INTO n SELECT * FROM t",
    "DROP TABLE t",
    "ALTER TABLE n RENAME TO t",
)
FUNCTION = "CREATE FUNCTION f(i int) RETURNS int LANGUAGE sql AS 'SELECT 1'"


def ledger_after(
    connection: Connection, before: tuple[str, ...], change: tuple[str, ...]
) -> Ledger:
    """What becomes of a table of one row, and of what is made `before`, by a change."""
    send(connection, TABLE, "INSERT INTO t VALUES (1, 'x')", *before)
    assert ledger_of(connection, lambda: None).is_clean
    return ledger_of(connection, lambda: send(connection, *change))


def send(connection: Connection, *statements: str) -> None:
    """Execute them, one by one."""
    for statement in statements:
        connection.exec_driver_sql(statement)


@pytest.mark.parametrize(
    ("before", "change", "words"),
    [
        (("GRANT SELECT, INSERT ON t TO PUBLIC",), AGAIN, "t has lost INSERT, SELECT for PUBLIC"),
        (
            ("GRANT SELECT ON t TO pg_monitor WITH GRANT OPTION",),
            ("REVOKE GRANT OPTION FOR SELECT ON t FROM pg_monitor",),
            "t has lost granting of SELECT for pg_monitor",
        ),
        (
            ("GRANT UPDATE (a) ON t TO PUBLIC",),
            ("ALTER TABLE t RENAME a TO b", "REVOKE UPDATE (b) ON t FROM PUBLIC"),
            "t.b has lost UPDATE for PUBLIC",
        ),
        (
            ("CREATE VIEW v AS SELECT a FROM t", "GRANT SELECT ON v TO PUBLIC"),
            ("DROP VIEW v", "CREATE VIEW v AS SELECT a FROM t"),
            "view v has lost SELECT for PUBLIC",
        ),
        (
            (FUNCTION,),
            ("REVOKE EXECUTE ON FUNCTION f FROM PUBLIC",),
            "function f(i integer) has lost EXECUTE for PUBLIC",
        ),
        (
            ("CREATE SCHEMA s", "GRANT USAGE ON SCHEMA s TO PUBLIC"),
            ("REVOKE USAGE ON SCHEMA s FROM PUBLIC",),
            "schema s has lost USAGE for PUBLIC",
        ),
        (
            ("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO pg_monitor",),
            ("ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM pg_monitor",),
            "default for new tables of postgres has lost SELECT for pg_monitor",
        ),
        ((), ("ALTER TABLE t OWNER TO pg_monitor",), "t has lost its owner postgres"),
        (("ALTER TABLE t SET (fillfactor = 70)",), AGAIN, "t has lost fillfactor=70"),
        (("ALTER TABLE t REPLICA IDENTITY FULL",), AGAIN, "t has lost replica identity full"),
        (("ALTER TABLE t ALTER a SET STORAGE EXTERNAL",), AGAIN, "t.a has lost storage external"),
        (("ALTER TABLE t ALTER a SET STATISTICS 500",), AGAIN, "t.a has lost statistics of 500"),
        (("COMMENT ON TABLE t IS 'x'",), AGAIN, "t has lost its comment"),
        (("COMMENT ON COLUMN t.a IS 'x'",), AGAIN, "t.a has lost its comment"),
        (("COMMENT ON COLUMN t.a IS 'x'",), ("COMMENT ON COLUMN t.a IS 'y'",), ""),
        (("COMMENT ON COLUMN t.a IS 'x'",), ("ALTER TABLE t RENAME a TO b",), ""),
        (("COMMENT ON TABLE t IS 'x'",), ("ALTER TABLE t RENAME TO u",), ""),
        (("COMMENT ON TABLE t IS 'x'",), ("DROP TABLE t",), ""),
        (
            ("CREATE INDEX ix ON t (a)", "COMMENT ON INDEX ix IS 'x'"),
            ("DROP INDEX ix", "CREATE INDEX ix ON t (a)"),
            "index ix has lost its comment",
        ),
        (("CREATE INDEX ix ON t (a)", "COMMENT ON INDEX ix IS 'x'"), ("DROP INDEX ix",), ""),
        (
            ("COMMENT ON CONSTRAINT t_pkey ON t IS 'x'",),
            ("ALTER TABLE t DROP CONSTRAINT t_pkey", "ALTER TABLE t ADD PRIMARY KEY (id)"),
            "constraint t_pkey of t has lost its comment",
        ),
        (
            ("CREATE VIEW v AS SELECT a FROM t", "COMMENT ON COLUMN v.a IS 'x'"),
            ("DROP VIEW v", "CREATE VIEW v AS SELECT a FROM t"),
            "v.a has lost its comment",
        ),
        (
            (FUNCTION, "COMMENT ON FUNCTION f IS 'x'"),
            ("DROP FUNCTION f", FUNCTION),
            "function f(i integer) has lost its comment",
        ),
        (
            ("CREATE TYPE e AS ENUM ('a')", "COMMENT ON TYPE e IS 'x'"),
            ("COMMENT ON TYPE e IS NULL",),
            "type e has lost its comment",
        ),
        (
            ("CREATE SCHEMA s", "COMMENT ON SCHEMA s IS 'x'"),
            ("COMMENT ON SCHEMA s IS NULL",),
            "schema s has lost its comment",
        ),
        (
            ("CREATE POLICY p ON t", "COMMENT ON POLICY p ON t IS 'x'"),
            ("DROP POLICY p ON t", "CREATE POLICY p ON t"),
            "policy p of t has lost its comment",
        ),
        (
            ("CREATE STATISTICS st ON id, a FROM t", "COMMENT ON STATISTICS st IS 'x'"),
            ("COMMENT ON STATISTICS st IS NULL",),
            "statistics st has lost its comment",
        ),
        (("GRANT SELECT ON t TO PUBLIC",), ("DROP TABLE t",), ""),
        (("GRANT SELECT ON t TO PUBLIC",), ("ALTER TABLE t RENAME TO u",), ""),
        (("GRANT SELECT (a) ON t TO PUBLIC",), ("ALTER TABLE t RENAME a TO b",), ""),
        (("GRANT SELECT (a) ON t TO PUBLIC",), ("ALTER TABLE t DROP a",), ""),
        ((), ("CREATE TABLE u (id int)", "GRANT SELECT ON u TO PUBLIC"), ""),
    ],
)
def test_what_a_table_made_again_has_no_longer_is_told(
    postgresql: str, before: tuple[str, ...], change: tuple[str, ...], words: str
) -> None:
    with engine_of(postgresql).connect() as connection:
        ledger = ledger_after(connection, before, change)
    assert ledger.settings_lost == ((words,) if words else ())
    assert ledger.verdict.endswith(f"But {words}." if words else ledger.verdict)
    assert ledger.is_clean == (not words and not ledger.losses)


@pytest.mark.parametrize(
    ("before", "change", "kind", "name"),
    [
        ("ALTER TABLE t ENABLE ROW LEVEL SECURITY", "ALTER TABLE t DISABLE ROW LEVEL SECURITY",
         "row level security of", "t"),
        ("CREATE TYPE p AS (x int)", "DROP TYPE p", "type", "p"),
        ("CREATE TYPE r AS RANGE (subtype = float8)", "DROP TYPE r", "type", "r"),
        ("CREATE TYPE e AS ENUM ('a')", "DROP TYPE e", "enum", "e"),
        ("CREATE DOMAIN d AS int", "DROP DOMAIN d", "domain", "d"),
        ("CREATE SEQUENCE q", "DROP SEQUENCE q", "sequence", "q"),
        ("CREATE SCHEMA s", "DROP SCHEMA s", "schema", "s"),
        ("CREATE STATISTICS st ON id, a FROM t", "DROP STATISTICS st", "statistics", "st"),
        ("CREATE PUBLICATION pub FOR TABLE t", "ALTER PUBLICATION pub DROP TABLE t",
         "publication of", "t"),
        ("CREATE COLLATION c (locale = 'C')", "DROP COLLATION c", "collation", "c"),
        ("CREATE TYPE p AS (x int); CREATE CAST (p AS text) WITH INOUT", "DROP CAST (p AS text)",
         "cast", "p AS text"),
        ("CREATE FOREIGN DATA WRAPPER w; CREATE SERVER fs FOREIGN DATA WRAPPER w",
         "DROP SERVER fs", "foreign server", "fs"),
    ],
)  # fmt: skip
def test_what_goes_from_a_database_of_postgresql_is_lost(
    postgresql: str, before: str, change: str, kind: str, name: str
) -> None:
    with engine_of(postgresql).connect() as connection:
        ledger = ledger_after(connection, tuple(before.split("; ")), (change,))
    assert ledger.objects_lost == ((kind, name),)
    assert ledger.losses == (f"{kind} {name} removed",)


@pytest.fixture
def reader(either: str) -> Iterator[tuple[Connection, str]]:
    """A connection to MariaDB or MySQL, and a user of that server with a right on nothing."""
    user = f"console_reader_{secrets.token_hex(4)}"
    with engine_of(either).connect() as connection:
        connection.exec_driver_sql(f"CREATE USER {user}")
        try:
            yield connection, user
        finally:
            connection.exec_driver_sql(f"DROP USER {user}")


@pytest.mark.parametrize(
    ("before", "change", "words"),
    [
        (("GRANT SELECT ON t TO {u}",), ("REVOKE SELECT ON t FROM {u}",), "t has lost SELECT for {w}"),
        (("GRANT SELECT ON t TO {u}",), ("RENAME TABLE t TO n",), "n has lost SELECT for {w}"),
        (("GRANT SELECT ON t TO {u}",), AGAIN, ""),  # there rights belong to the name
        (
            ("GRANT SELECT (a) ON t TO {u}",),
            ("ALTER TABLE t RENAME COLUMN a TO b",),
            "t.b has lost SELECT for {w}",
        ),
        (
            ("CREATE DEFINER = {u} VIEW v AS SELECT a FROM t",),
            ("DROP VIEW v", "CREATE VIEW v AS SELECT a FROM t"),
            "view v has lost its definer {u}@%",
        ),
        (
            ("CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SET @x = 1",),
            ("ALTER EVENT e DISABLE",),
            "event e has lost the state ENABLED",
        ),
        (
            ("CREATE PROCEDURE p() SELECT 1", "GRANT EXECUTE, ALTER ROUTINE ON PROCEDURE p TO {u}"),
            ("DROP PROCEDURE p", "CREATE PROCEDURE p() SELECT 1"),
            "procedure p has lost ALTER ROUTINE, EXECUTE for {w}",
        ),
        (
            ("CREATE PROCEDURE p() SELECT 1", "GRANT EXECUTE ON PROCEDURE p TO {u} WITH GRANT OPTION"),
            ("REVOKE GRANT OPTION ON PROCEDURE p FROM {u}",),
            "procedure p has lost granting of EXECUTE for {w}",
        ),
        (("ALTER TABLE t MODIFY a varchar(20) COMMENT 'x'",), ("ALTER TABLE t MODIFY a varchar(30)",),
         "t.a has lost its comment"),
        (("ALTER TABLE t COMMENT 'x'",), ("ALTER TABLE t COMMENT ''",), "t has lost its comment"),
        (("ALTER TABLE t COMMENT 'x'",), ("RENAME TABLE t TO n",), ""),
        (
            ("CREATE INDEX ix ON t (a) COMMENT 'x'",),
            ("ALTER TABLE t DROP INDEX ix, ADD INDEX ix (a)",),
            "index ix of t has lost its comment",
        ),
        (
            ("CREATE PROCEDURE p() COMMENT 'x' SELECT 1",),
            ("DROP PROCEDURE p", "CREATE PROCEDURE p() SELECT 1"),
            "procedure p has lost its comment",
        ),
        (("GRANT SELECT ON t TO {u}",), ("ALTER TABLE t ADD z int",), ""),
    ],
)  # fmt: skip
def test_rights_and_definers_of_mariadb_and_mysql_are_missed(
    reader: tuple[Connection, str], before: tuple[str, ...], change: tuple[str, ...], words: str
) -> None:
    connection, user = reader
    named = tuple(statement.format(u=user) for statement in before)
    ledger = ledger_after(connection, named, tuple(each.format(u=user) for each in change))
    said = words.format(u=user, w=f"'{user}'@'%'").replace("%%", "%")
    assert ledger.settings_lost == ((said,) if words else ())


MODELS = ENVIRONMENT.replace(
    "connection=connection",
    "connection=connection, target_metadata=sa.MetaData()",
).replace("sa.MetaData()", 'sa.Table("products", sa.MetaData(), sa.Column("id")).metadata')


def test_a_run_tells_of_rights_on_routines_and_models_are_read_all_the_same(
    tmp_path: Path, reader: tuple[Connection, str], either: str
) -> None:
    _, user = reader
    place = Served(tmp_path, either, [PRODUCTS], at="aaaa1")
    place.environment(f"import sqlalchemy as sa\n{MODELS}")
    place.run(f"CREATE PROCEDURE p() SELECT 1;\nGRANT EXECUTE ON PROCEDURE p TO {user}")
    again = 'op.execute("DROP PROCEDURE p")\nop.execute("CREATE PROCEDURE p() SELECT 1")'
    place.write(Sample("bbbb1", ("aaaa1",), up=again))
    rehearsal = place.rehearse()
    assert rehearsal.compatibility is not None, rehearsal.error
    assert rehearsal.compatibility.advice == "either"  # reading takes a SAVEPOINT
    outcome = apply(place.target, place.plan(), expected=rehearsal.ledger)
    assert outcome.ledger.settings_lost == (f"procedure p has lost EXECUTE for '{user}'@'%'",)


def test_numbers_that_a_program_keeps_in_sqlite_are_missed(tmp_path: Path) -> None:
    with engine_of(f"sqlite:///{tmp_path / 'some.db'}").connect() as connection:
        ledger = ledger_after(
            connection, ("PRAGMA user_version = 5",), ("PRAGMA user_version = 0",)
        )
    assert ledger.settings_lost == ("the database has lost user_version 5",)


@pytest.mark.parametrize("is_used", [False, True], ids=["a template", "dump and restore"])
def test_a_rehearsal_tells_of_rights_that_a_run_takes_away(
    tmp_path: Path, postgresql: str, is_used: bool
) -> None:
    place = Served(tmp_path, postgresql, [PRODUCTS], at="aaaa1")
    place.run("GRANT SELECT ON reviews TO PUBLIC;\nGRANT SELECT (id) ON products TO pg_monitor")
    again = """\
op.execute("CREATE TABLE n AS SELECT * FROM reviews")
op.execute("DROP TABLE reviews")
op.execute("ALTER TABLE n RENAME TO reviews")"""
    place.write(Sample("bbbb1", ("aaaa1",), up=again))
    with engine_of(place.url).connect() if is_used else nullcontext():
        rehearsal = place.rehearse()
    assert rehearsal.ledger is not None
    assert ("dump" in rehearsal.clone) == is_used
    assert rehearsal.ledger.settings_lost == ("reviews has lost SELECT for PUBLIC",)
    assert not rehearsal.ledger.is_clean
    outcome = apply(place.target, place.plan(), expected=rehearsal.ledger)
    assert outcome.ledger.settings_lost == rehearsal.ledger.settings_lost


def test_rights_given_since_the_rehearsal_void_nothing_and_stop_nothing(
    tmp_path: Path, postgresql: str
) -> None:
    place = Served(tmp_path, postgresql, [PRODUCTS], at="aaaa1")
    place.write(
        Sample("bbbb1", ("aaaa1",), up='op.execute("ALTER TABLE reviews OWNER TO pg_monitor")')
    )
    plan, rehearsal = place.plan(), place.rehearse()
    place.run("GRANT SELECT ON reviews TO PUBLIC;\nALTER TABLE products SET (fillfactor = 80)")
    assert place.plan().digest == plan.digest
    outcome = apply(place.target, plan, expected=rehearsal.ledger)
    assert outcome.ledger.settings_lost == ("reviews has lost its owner postgres",)


def test_nobody_else_may_connect_to_a_copy(tmp_path: Path, postgresql: str) -> None:
    place = Served(tmp_path, postgresql, [PRODUCTS], at="aaaa1")
    shows = (
        "op.execute(\"DO $$ BEGIN IF has_database_privilege('pg_monitor', current_database(), "
        "'CONNECT') THEN RAISE 'open to all'; END IF; END $$\")"
    )
    place.write(Sample("bbbb1", ("aaaa1",), up=shows))
    assert place.rehearse().error is None
    with pytest.raises(MigrationFailed, match="open to all"):
        apply(place.target, place.plan())


THINGS = st.sampled_from([("table", "t"), ("view", "v"), ("column", "t.a"), ("database", "")])
SETTINGS = st.lists(
    st.builds(
        lambda thing, what, holder: Setting(*thing, what, holder),
        THINGS,
        st.sampled_from(["SELECT", "UPDATE", "its owner"]),
        st.sampled_from(["", "reporting"]),
    ),
    unique=True,
)
HERE = {thing: thing for thing in (("table", "t"), ("view", "v"), ("column", "t.a"))}


@given(SETTINGS, SETTINGS)
def test_exactly_what_is_gone_is_lost_and_what_is_new_is_gained(
    before: list[Setting], after: list[Setting]
) -> None:
    assert bool(lost(before, after, HERE)) == bool(set(before) - set(after))
    assert bool(gained(before, after, HERE)) == bool(set(after) - set(before))
    assert [s.replace("lost", "gained") for s in lost(before, after, HERE)] == list(
        gained(after, before, HERE)
    )


@given(SETTINGS)
def test_settings_are_no_excess_of_a_run(before: list[Setting]) -> None:
    table = TableCount("t", 0, ())
    then, now = Count((table,), (), settings=tuple(before)), Count((table,), ())
    assert excess(compare(then, now), compare(then, then)) == ()
