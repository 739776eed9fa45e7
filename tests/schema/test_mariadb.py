"""On MariaDB and MySQL a plan cannot be one transaction: it is known exactly what was done, and goes on."""

from pathlib import Path
from typing import Any

import pytest
from pymysql.constants.SERVER_STATUS import SERVER_STATUS_AUTOCOMMIT as AUTOCOMMIT
from sqlalchemy.engine import make_url

from console.schema.clone import clone_of
from console.schema.count import KeysByTable, count
from console.schema.dialects import dialect_of
from console.schema.errors import (
    DataLost,
    MigrationFailed,
    PlanChanged,
    TargetLocked,
    Unsupported,
    WrongDatabase,
)
from console.schema.executor import apply
from console.schema.halfway import read_halfway
from console.schema.statement import compile_statements
from console.schema.survival import compare
from tests.histories.place import PRICE, PRODUCTS, ROWS
from tests.histories.script_folder import ENVIRONMENT, Sample
from tests.histories.served import Served
from tests.private import PrivateMariaDB
from tests.servers import MakeDatabase, engine_of, shown

URL = 'context.config.get_main_option("sqlalchemy.url")'
POOL = "poolclass=pool.NullPool"


@pytest.fixture
def place(tmp_path: Path, either: str) -> Served:
    """Three products and three reviews, one revision behind."""
    return Served(tmp_path, either, [PRODUCTS, PRICE], at="aaaa1")


def after_price(up: str, down: str = "pass") -> Sample:
    """A revision upon the price that does this."""
    return Sample("cccc1", ("bbbb1",), up=up, down=down)


def failure(place: Served) -> str:
    """Apply, and return how it failed."""
    with pytest.raises(MigrationFailed) as caught:
        apply(place.target, place.plan())
    return str(caught.value)


def test_a_new_column_leaves_every_earlier_value_identical(place: Served) -> None:
    outcome = apply(place.target, place.plan())
    assert outcome.heads == ("bbbb1",)
    assert [entry.sentence for entry in outcome.ledger.entries] == [
        "products: 3 rows before, 3 after, every earlier value identical",
        "reviews: 3 rows before, 3 after, every earlier value identical",
    ]
    assert [statement.sql for statement in outcome.steps[0].statements] == [
        "ALTER TABLE products ADD COLUMN price NUMERIC(10, 2)",
        "ALTER TABLE products ADD CONSTRAINT ck_price CHECK (price >= 0)",
        "UPDATE alembic_version SET version_num='bbbb1' "
        "WHERE alembic_version.version_num = 'aaaa1'",
    ]
    assert place.ask("SHOW TABLES LIKE 'console%'") == []


def test_an_autocommit_block_is_written_down_as_everything_is(place: Served) -> None:
    block = "with op.get_context().autocommit_block():\n    "
    rows = "op.execute('DELETE FROM reviews')\n    op.execute('CREATE TABLE x (id int)')"
    place.write(after_price(f"{block}{rows}\nop.execute('UPDATE nowhere SET id = 1')"))
    assert "CREATE TABLE x" in failure(place)
    place.run("CREATE TABLE nowhere (id int)")
    assert apply(place.target, place.plan()).heads == ("cccc1",)
    assert place.ask("SELECT count(*) FROM reviews") == [0]


TWO = """\
op.add_column("products", sa.Column("stock", sa.Integer))
op.execute("UPDATE products SET stock = 7")
op.add_column("products", sa.Column("shelf", sa.Integer))
op.execute("UPDATE products SET shelf = 1")
op.execute("INSERT INTO reviews (id, product_id) VALUES (10, 99)")
op.drop_column("products", "weight")"""


def test_a_failure_half_way_says_exactly_what_stays(place: Served) -> None:
    place.write(after_price(TWO))
    error = failure(place)
    assert "foreign key constraint fails" in error
    assert (
        ". The database stands at bbbb1. Of revision cccc1 3 statements had been executed" in error
    )
    assert "SET stock = 7" in error
    assert "SET shelf" not in error
    assert place.ask("SELECT stock, shelf FROM products WHERE id = 1") == [(7, None)]


def test_a_plan_made_again_goes_on_after_what_was_done(place: Served) -> None:
    place.write(after_price(TWO))
    failure(place)
    place.run("INSERT INTO products (id, name) VALUES (99, 'Desk');\nUPDATE products SET stock = 8")
    rehearsal = place.rehearse()
    assert rehearsal.error is None
    outcome = apply(place.target, place.plan())
    assert outcome.heads == ("cccc1",)
    assert set(place.ask("SELECT stock FROM products")) == {8}
    assert set(place.ask("SELECT shelf FROM products")) == {1}
    assert read_halfway(place.target) is None


def test_a_plan_with_another_file_does_not_go_on(place: Served) -> None:
    place.write(after_price(TWO))
    failure(place)
    place.write(after_price(TWO + "\n"))
    place.write(after_price(TWO + "\nop.execute('SELECT 1')"))
    with pytest.raises(PlanChanged, match=r"stopped half-way .* drop the table console_journal"):
        apply(place.target, place.plan())
    with pytest.raises(PlanChanged, match="stopped half-way"):
        apply(place.target, place.plan("aaaa1"))


def test_an_insert_whose_number_was_given_is_not_passed_over(place: Served) -> None:
    insert = "op.execute(\"INSERT INTO products (name) VALUES ('Desk')\")\n"
    place.write(after_price(insert + TWO))
    failure(place)
    assert "cannot go on by itself" in failure(place)


def test_data_lost_against_the_rehearsal_is_said_and_not_taken_back(place: Served) -> None:
    rehearsal = place.rehearse()
    place.write(Sample("bbbb1", ("aaaa1",), up="op.execute('DELETE FROM products WHERE id = 3')"))
    with pytest.raises(DataLost, match=r"1 row lost.*could not be taken back"):
        apply(place.target, place.plan(), expected=rehearsal.ledger)


def test_a_rehearsal_copies_everything_and_leaves_nothing(
    place: Served, request: pytest.FixtureRequest
) -> None:
    place.run(
        "CREATE VIEW cheap AS SELECT id FROM products;\n"
        "CREATE TRIGGER noted BEFORE UPDATE ON reviews FOR EACH ROW SET NEW.text = 'x';\n"
        "CREATE PROCEDURE nothing() SELECT 1"
    )
    before = place.dump()
    rehearsal = place.rehearse()
    assert place.dump() == before
    assert rehearsal.error is None
    name = "MySQL" if "mysql" in request.node.name else "MariaDB"
    assert rehearsal.clone.startswith(f"{name} dump and load of ")
    assert rehearsal.ledger is not None
    assert rehearsal.ledger.is_clean
    assert rehearsal.way_back is not None
    assert rehearsal.way_back.works
    assert not rehearsal.way_back.difference
    assert place.ask(f"SHOW DATABASES LIKE 'console_clone_{place.target.key}%'") == []


def test_the_events_of_a_clone_do_not_fire(place: Served, tmp_path: Path) -> None:
    place.run(
        "CREATE EVENT often ON SCHEDULE EVERY 1 SECOND DO DELETE FROM products WHERE name = '5% off'"
    )
    asked = "SELECT event_name, status, event_definition FROM information_schema.events"
    mine = f"{asked} WHERE event_schema = database()"
    with (
        clone_of(place.target, tmp_path / "work") as clone,
        engine_of(clone.target.url).connect() as connection,
    ):
        ((name, status, does),) = connection.exec_driver_sql(mine).all()
    assert (name, status) == ("often", "DISABLED")
    assert does == "DELETE FROM products WHERE name = '5% off'"
    assert place.ask("SELECT status FROM information_schema.events WHERE event_name = 'often'") == [
        "ENABLED"
    ]


def test_rows_that_went_and_came_are_told_apart(place: Served) -> None:
    place.write(
        after_price(
            'op.execute("DELETE FROM reviews WHERE id = 1")\n'
            "op.execute(\"INSERT INTO reviews (id, product_id, text) VALUES (10, 2, 'x'), "
            "(11, 2, 'x'), (12, 2, 'x')\")\n"
            "op.execute(\"UPDATE products SET name = 'Lamps' WHERE id = 1\")\n"
            'op.alter_column("products", "weight", type_=sa.Numeric(10, 2))'
        )
    )
    rehearsal = place.rehearse()
    assert rehearsal.ledger is not None
    assert [entry.sentence for entry in rehearsal.ledger.entries] == [
        "products: 3 rows before, 3 after, values changed in name",
        "reviews: 3 rows before, 5 after, 1 row lost",
    ]


def test_another_database_on_the_same_server_is_refused(
    place: Served, make_either: MakeDatabase
) -> None:
    place.environment(ENVIRONMENT.replace(URL, repr(make_either())))
    before = place.dump()
    with pytest.raises(WrongDatabase):
        apply(place.target, place.plan())
    assert place.dump() == before


def test_autocommit_is_refused(place: Served) -> None:
    place.environment(ENVIRONMENT.replace(POOL, 'isolation_level="AUTOCOMMIT"'))
    with pytest.raises(Unsupported, match="autocommit"):
        apply(place.target, place.plan())


def test_a_run_waits_for_another_and_gives_up(place: Served) -> None:
    with engine_of(place.url).connect() as other:
        other.exec_driver_sql(
            "SELECT GET_LOCK(concat('console:', left(sha2(database(), 256), 40)), 0)"
        )
        with pytest.raises(TargetLocked, match=r"locked for 0\.5 seconds"):
            apply(place.target, place.plan(), lock_wait=0.5)


def test_the_statements_of_a_revision_are_compiled_on_an_empty_database(place: Served) -> None:
    up = [statement.sql for statement in compile_statements(place.target, "aaaa1")]
    assert up[0].startswith("CREATE TABLE products (\n\tid INTEGER NOT NULL AUTO_INCREMENT")
    assert place.ask(f"SHOW DATABASES LIKE 'console_clone_{place.target.key}%'") == []


def test_without_the_tools_nothing_can_be_rehearsed(
    place: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with (
        pytest.raises(Unsupported, match=r"takes (mariadb-dump|mysqldump)\."),
        clone_of(place.target, place.workspace),
    ):
        pass


def called_mariadb(url: str, folder: Path) -> Served:
    """The same database, called MariaDB's by its URL."""
    called = make_url(url).set(drivername="mariadb+pymysql")
    return Served(folder, called.render_as_string(hide_password=False), [PRODUCTS, PRICE])


def test_either_name_of_the_dialect_will_do_for_mariadb(tmp_path: Path, mariadb: str) -> None:
    place = called_mariadb(mariadb, tmp_path)
    assert apply(place.target, place.plan()).heads == ("bbbb1",)


def test_a_url_that_calls_mysql_mariadb_is_told_so(tmp_path: Path, mysql: str) -> None:
    place = called_mariadb(mysql, tmp_path)
    with pytest.raises(
        Unsupported, match=r"says mariadb, and the server is MySQL .* mysql\+pymysql://"
    ):
        place.plan()


def test_a_driver_that_takes_its_connection_for_autocommit_is_not_believed(place: Served) -> None:
    with engine_of(place.url).connect() as connection:
        raw: Any = connection.connection.dbapi_connection
        raw.autocommit(False)
        raw.server_status |= AUTOCOMMIT  # as it is with MySQL whose global autocommit is OFF
        assert raw.get_autocommit()
        dialect = dialect_of(place.target)
        dialect.begin(raw, place.target, 1)
        assert dialect.commits(raw)
        dialect.release(raw)


@pytest.mark.parametrize(
    ("value", "wider"),
    [
        ("float NOT NULL DEFAULT 123456.78", "double NOT NULL"),
        ("datetime NOT NULL DEFAULT '2024-05-10 20:30:00'", "datetime(6) NOT NULL"),
        ("datetime(3) NOT NULL DEFAULT '2024-05-10 20:30:00.500'", "datetime(6) NOT NULL"),
        ("time NOT NULL DEFAULT '10:00:00'", "time(2) NOT NULL"),
    ],
)
def test_a_value_in_a_more_precise_column_is_identical(
    place: Served, value: str, wider: str
) -> None:
    place.run(f"ALTER TABLE products ADD COLUMN v {value}")
    place.write(after_price(f'op.execute("ALTER TABLE products MODIFY v {wider}")'))
    rehearsal = place.rehearse()
    assert rehearsal.ledger is not None
    assert rehearsal.ledger.is_clean, rehearsal.ledger.verdict


def test_every_digit_of_a_float_counts(place: Served) -> None:
    place.run("ALTER TABLE products ADD COLUMN v float NOT NULL DEFAULT 1.25")
    place.write(after_price('op.execute("UPDATE products SET v = 1.2500001")'))
    rehearsal = place.rehearse()
    assert rehearsal.ledger is not None
    assert "values changed in v" in rehearsal.ledger.verdict


def test_a_clone_holds_every_digit_of_a_float(place: Served) -> None:
    place.run(
        "ALTER TABLE products ADD COLUMN v float, ADD COLUMN `a%b` float NOT NULL DEFAULT 7654321, "
        "ADD COLUMN at datetime DEFAULT '2020-02-02' ON UPDATE CURRENT_TIMESTAMP;\n"
        "UPDATE products SET v = 123456.78, at = at WHERE id < 3;\n"
        "CREATE TRIGGER noted BEFORE UPDATE ON products FOR EACH ROW SET NEW.name = 'x';\n"
        "CREATE TABLE loose (v float);\n"
        "INSERT INTO loose VALUES (123456.78)"
    )
    rows = "SELECT *, v + 0e0, `a%%b` + 0e0 FROM products ORDER BY id"
    with clone_of(place.target, place.workspace) as clone:
        found = []
        for url in (place.target.url, clone.target.url):
            with engine_of(url).connect() as connection:
                found.append(connection.exec_driver_sql(rows).all())
                assert connection.exec_driver_sql("SHOW TRIGGERS").all()
        assert found[0] == found[1]
        assert clone.how.endswith("; FLOATs of loose have six digits there")


def test_a_server_that_wants_a_key_of_every_table_has_its_floats_copied(
    tmp_path: Path, mysql: str
) -> None:
    wants = {"init_command": "SET SESSION sql_require_primary_key = ON"}
    url = make_url(mysql).update_query_dict(wants).render_as_string(hide_password=False)
    place = Served(tmp_path, url, [PRODUCTS, PRICE], at="aaaa1")
    place.run("ALTER TABLE products ADD COLUMN v float NOT NULL DEFAULT 123456.78")
    with clone_of(place.target, place.workspace) as clone:
        assert Served(tmp_path / "copy", clone.target.url).ask("SELECT v + 0e0 FROM products") == (
            place.ask("SELECT v + 0e0 FROM products")
        )


def test_a_float_that_a_plan_rounds_is_changed(place: Served) -> None:
    place.run("ALTER TABLE products ADD COLUMN v float NOT NULL DEFAULT 123456.78")
    place.write(after_price('op.execute("UPDATE products SET v = 123457")'))
    rehearsal = place.rehearse()
    assert rehearsal.ledger is not None
    assert "values changed in v" in rehearsal.ledger.verdict


MODES = (
    "ANSI_QUOTES",
    "NO_BACKSLASH_ESCAPES",
    "PAD_CHAR_TO_FULL_LENGTH",
    "PIPES_AS_CONCAT",
    "ORACLE",
    "EMPTY_STRING_IS_NULL",
)


@pytest.mark.parametrize("mode", MODES)
def test_the_mode_of_a_session_is_no_change_of_its_values(mariadb: str, mode: str) -> None:
    with engine_of(mariadb).connect() as connection:
        ask = connection.exec_driver_sql
        ask("CREATE TABLE t (id int PRIMARY KEY, a char(9), b timestamp NULL, c varbinary(9))")
        ask("INSERT INTO t VALUES (1, 'x', '2020-01-31 10:00:00', '\\\\'), (2, '', NULL, '')")
        ask("CREATE TABLE loose (a char(9), b int)")
        ask("INSERT INTO loose VALUES ('x', 1), ('', 2)")
        keys: KeysByTable = {}
        first = count(connection, keys=keys)
        ask(f"SET SESSION sql_mode = '{mode}'")
        said = ask("SELECT @@sql_mode").scalar()
        ledger = compare(first, count(connection, earlier=keys, before=first, keys={}))
        assert ledger.is_clean, ledger.verdict
        assert ask("SELECT @@sql_mode").scalar() == said


@pytest.mark.parametrize("mode", MODES)
def test_a_url_may_set_the_mode(tmp_path: Path, mariadb: str, mode: str) -> None:
    url = make_url(mariadb).update_query_dict({"sql_mode": mode})
    url_with_mode = url.render_as_string(hide_password=False)
    place = Served(tmp_path, url_with_mode, [PRODUCTS, PRICE], at="aaaa1")
    rehearsal = place.rehearse()
    assert rehearsal.ledger is not None, rehearsal.error
    assert rehearsal.ledger.is_clean
    assert apply(place.target, place.plan(), expected=rehearsal.ledger).ledger.is_clean


@pytest.mark.parametrize(
    ("up", "rehearsed", "applied"),
    [
        (
            "ALTER TABLE kept DROP SYSTEM VERSIONING",
            "kept: 1 row before, 1 after, its history lost, every earlier value identical",
            "kept: 1 row before, 1 after, 2 rows of its history lost, every earlier value identical",
        ),
        (
            "DROP TABLE kept",
            "kept: table removed, 1 row lost, and its history",
            "kept: table removed, 1 row lost, and 2 rows of its history",
        ),
    ],
)
def test_history_that_a_clone_does_not_hold_is_foreseen_to_be_lost(
    tmp_path: Path, mariadb: str, up: str, rehearsed: str, applied: str
) -> None:
    place = Served(tmp_path, mariadb, [PRODUCTS, PRICE], at="bbbb1")
    place.run(
        "CREATE TABLE kept (id int PRIMARY KEY, v int) WITH SYSTEM VERSIONING;\n"
        "INSERT INTO kept VALUES (1, 1);\nUPDATE kept SET v = 2;\nUPDATE kept SET v = 3"
    )
    place.write(after_price(f'op.execute("{up}")'))
    rehearsal = place.rehearse()
    assert rehearsal.ledger is not None
    assert rehearsal.ledger.losses == (rehearsed,)
    assert apply(place.target, place.plan(), expected=rehearsal.ledger).ledger.losses == (applied,)


def test_a_limit_on_what_a_select_returns_hides_no_loss(tmp_path: Path, either: str) -> None:
    url = make_url(either).update_query_dict({"init_command": "SET sql_select_limit = 1"})
    place = Served(tmp_path, url.render_as_string(hide_password=False), [PRODUCTS, PRICE])
    apply(place.target, place.plan("aaaa1"))
    place.run(ROWS)
    place.write(after_price("op.drop_column('products', 'weight')"))
    rehearsal = place.rehearse()
    outcome = apply(place.target, place.plan(), expected=rehearsal.ledger)
    assert outcome.ledger.losses == (
        "products: 3 rows before, 3 after, column weight removed, 2 values lost, "
        "every other value identical",
    )


def test_a_server_that_would_cut_off_the_rows_of_a_copy_is_not_copied(tmp_path: Path) -> None:
    server = PrivateMariaDB(tmp_path / "server")
    try:
        server.start()
        root = Served(tmp_path, shown(server.url))
        root.run("CREATE DATABASE shop")
        place = Served(
            tmp_path, shown(server.url.set(database="shop")), [PRODUCTS, PRICE], at="aaaa1"
        )
        root.run("SET GLOBAL sql_select_limit = 2")
        with pytest.raises(Unsupported, match="would cut off the rows of a copy"):
            place.rehearse()
        assert apply(place.target, place.plan()).ledger.is_clean
    finally:
        server.stop()


@pytest.mark.parametrize("touch", ["DELETE FROM console_journal", "DROP TABLE console_journal"])
def test_a_migration_leaves_the_journal_alone(place: Served, touch: str) -> None:
    place.write(after_price(f"op.execute('DELETE FROM reviews')\nop.execute('{touch}')"))
    said = failure(place)
    assert "touches console_journal" in said
    assert "Of revision cccc1" in said or "The database stands at bbbb1" in said
    assert place.ask("SELECT count(*) FROM console_journal")[0] > 0
