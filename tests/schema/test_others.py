"""What others do to a database while a plan runs is never called a loss of the plan, where that can be
told; where it cannot, the sentence says so."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from console.schema.errors import DataLost
from console.schema.executor import apply
from console.schema.ledger import Entry, Ledger
from console.schema.others import columns_written, keeps_rows
from console.schema.outcome import Outcome
from console.schema.progress import Event
from tests.histories.place import PRODUCTS
from tests.histories.script_folder import Sample
from tests.histories.served import Served
from tests.servers import engine_of

VISITS = "CREATE TABLE visits (id int PRIMARY KEY, n int);\nINSERT INTO visits VALUES (1, 1), (2, 2), (3, 3)"
BUSY = (
    "UPDATE visits SET n = n + 1 WHERE id = 1",
    "DELETE FROM visits WHERE id = 2",
    "INSERT INTO visits VALUES (9, 9)",
)
WAITS = """\
import pathlib, time
pathlib.Path({begun!r}).touch()
while not pathlib.Path({written!r}).exists():
    time.sleep(0.01)
"""


class Shared:
    """A database that others write to while the plan waits for them in its first step."""

    def __init__(self, place: Served) -> None:
        self.place = place
        self.begun, self.written = place.folder / "begun", place.folder / "written"
        self.refused: list[str] = []
        self.told: list[str] = []
        place.run(VISITS)

    def plan(self, body: str) -> None:
        """Write the revision: it waits first, then does this."""
        waits = WAITS.format(begun=str(self.begun), written=str(self.written))
        self.place.write(Sample("bbbb1", ("aaaa1",), up=waits + body))

    def rehearse(self) -> Ledger:
        """Rehearse the plan, on a clone that nobody else knows."""
        self.written.touch()
        ledger = self.place.rehearse().ledger
        self.written.unlink()
        self.begun.unlink()
        assert ledger is not None
        return ledger

    def apply(self, expected: Ledger, *statements: str) -> Outcome:
        """Apply the plan while others execute these statements."""
        with self._meanwhile(statements):
            return apply(
                self.place.target,
                self.place.plan(),
                expected=expected,
                progress=lambda event: self._tell(event),
            )

    def _tell(self, event: Event) -> None:
        self.told.append(event.text)

    @contextmanager
    def _meanwhile(self, statements: tuple[str, ...]) -> Iterator[None]:
        def write() -> None:
            while not self.begun.exists():
                time.sleep(0.01)
            with engine_of(self.place.url).connect() as connection:
                if self.place.url.startswith("postgresql"):
                    connection.exec_driver_sql("SET lock_timeout = '200ms'")
                for statement in statements:
                    try:
                        connection.exec_driver_sql(statement)
                    except OperationalError as error:
                        self.refused.append(str(error.orig))
            self.written.touch()

        thread = threading.Thread(target=write)
        thread.start()
        try:
            yield
        finally:
            self.begun.touch()
            thread.join()


@pytest.fixture(params=["postgresql", "mariadb", "mysql"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Shared:
    """Products, reviews and visits, on each server."""
    url = request.getfixturevalue(request.param)
    return Shared(Served(tmp_path, url, [PRODUCTS], at="aaaa1"))


def entry_of(ledger: Ledger, table: str) -> Entry:
    """What the ledger says of a table."""
    return next(entry for entry in ledger.entries if entry.table == table)


def test_what_others_do_to_a_table_that_a_plan_leaves_alone_is_no_loss(shared: Shared) -> None:
    shared.plan("op.add_column('products', sa.Column('price', sa.Integer))")
    ledger = shared.apply(shared.rehearse(), *BUSY).ledger
    assert ledger.is_clean
    assert entry_of(ledger, "visits").by_others
    assert entry_of(ledger, "visits").sentence == (
        "visits: 3 rows before, 3 after, changed by others meanwhile and not by the plan"
    )
    assert ledger.verdict == (
        "Nothing is lost: 9 rows in 3 tables, every earlier value identical but for what others "
        "changed meanwhile in visits."
    )
    assert not shared.refused


def test_what_others_do_to_a_table_that_a_plan_alters_is_no_loss(shared: Shared) -> None:
    shared.plan("op.add_column('visits', sa.Column('price', sa.Integer))")
    ledger = shared.apply(shared.rehearse(), *BUSY).ledger
    assert ledger.is_clean
    on_postgresql = shared.place.url.startswith("postgresql")
    assert len(shared.refused) == (3 if on_postgresql else 0), "there they wait for the plan"
    assert entry_of(ledger, "visits").by_others != on_postgresql


def test_a_plan_is_applied_while_others_write_all_the_time(shared: Shared) -> None:
    shared.place.run("CREATE TABLE hits (id int PRIMARY KEY, n int)")
    for table in ("visits", "hits"):
        rows = ", ".join(f"({number}, {number})" for number in range(100, 400))
        shared.place.run(f"INSERT INTO {table} VALUES {rows}")
    shared.plan(
        "op.add_column('visits', sa.Column('price', sa.Integer))\n"
        "op.execute('UPDATE visits SET price = n')\n"
        "op.create_index('ix', 'visits', ['price'])"
    )
    expected = shared.rehearse()
    is_over = threading.Event()

    def write(table: str) -> None:
        number = 0
        with engine_of(shared.place.url).connect() as connection:
            while not is_over.is_set():
                number += 1
                row, is_counted = 100 + number % 300, shared.begun.exists()
                connection.exec_driver_sql(f"UPDATE {table} SET n = n + 1 WHERE id = {row}")
                connection.exec_driver_sql(f"DELETE FROM {table} WHERE id = {row - 50}")
                connection.exec_driver_sql(
                    f"INSERT INTO {table} (id, n) VALUES ({number + 999}, 1)"
                )
                if is_counted and table == "hits":
                    shared.written.touch()
                time.sleep(0.01)

    threads = [threading.Thread(target=write, args=(table,)) for table in ("hits", "visits")]
    for thread in threads:
        thread.start()
    try:
        ledger = apply(shared.place.target, shared.place.plan(), expected=expected).ledger
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    assert ledger.is_clean
    assert entry_of(ledger, "hits").by_others


def test_losses_of_the_plan_are_told_whoever_else_writes(shared: Shared) -> None:
    shared.plan("op.execute(\"DELETE FROM reviews WHERE text = 'doomed'\")")
    expected = shared.rehearse()
    shared.place.run("UPDATE reviews SET text = 'doomed' WHERE id = 1")
    with pytest.raises(DataLost) as caught:
        shared.apply(expected, *BUSY)
    assert caught.value.losses[0] == "reviews: 1 row lost, 0 in the rehearsal"
    assert not any(loss.startswith("visits") for loss in caught.value.losses)


def test_rows_of_one_table_that_both_write_to(shared: Shared) -> None:
    shared.plan("op.execute('UPDATE products SET weight = 1 WHERE id = 2')")
    theirs = "UPDATE products SET name = 'Tall lamp' WHERE id = 1"
    expected = shared.rehearse()
    if shared.place.url.startswith("postgresql"):
        ledger = shared.apply(expected, theirs).ledger
        assert entry_of(ledger, "products").sentence.endswith("values changed in weight")
        assert (
            "Others may have written to products meanwhile; trying again while they wait"
            in shared.told
        )
        return
    ledger = shared.apply(expected, theirs).ledger
    assert entry_of(ledger, "products").sentence == (
        "products: 3 rows before, 3 after, values changed in weight, the rest by others meanwhile "
        "and not by the plan"
    )


def test_a_column_that_is_added_and_filled_while_others_write_there(
    either: str, tmp_path: Path
) -> None:
    shared = Shared(Served(tmp_path, either, [PRODUCTS], at="aaaa1"))
    shared.plan(
        "op.add_column('visits', sa.Column('price', sa.Integer))\n"
        "op.execute('UPDATE visits SET price = n')"
    )
    ledger = shared.apply(shared.rehearse(), *BUSY).ledger
    assert ledger.is_clean
    assert entry_of(ledger, "visits").by_others


def test_an_update_that_changes_more_than_it_did_is_told_whoever_else_writes(
    either: str, tmp_path: Path
) -> None:
    shared = Shared(Served(tmp_path, either, [PRODUCTS], at="aaaa1"))
    shared.plan("op.execute('UPDATE visits SET n = 0 WHERE n = 70')")
    expected = shared.rehearse()
    shared.place.run("INSERT INTO visits VALUES (7, 70)")
    with pytest.raises(DataLost, match=r"visits\.n: values changed"):
        shared.apply(expected, "DELETE FROM visits WHERE id = 2")


def test_where_it_cannot_be_told_the_run_says_so(either: str, tmp_path: Path) -> None:
    shared = Shared(Served(tmp_path, either, [PRODUCTS], at="aaaa1"))
    shared.plan("op.execute('DELETE FROM products WHERE id = 99')")
    theirs = "UPDATE products SET name = 'Tall lamp' WHERE id = 1"
    with pytest.raises(DataLost, match=r"products\.name: values changed.*cannot be told from"):
        shared.apply(shared.rehearse(), theirs)


def test_a_foreign_key_leaves_no_table_alone(shared: Shared) -> None:
    shared.plan("op.execute('DELETE FROM products WHERE id = 1 AND weight = 0')")
    expected = shared.rehearse()
    shared.place.run("UPDATE products SET weight = 0 WHERE id = 1")
    with pytest.raises(DataLost) as caught:
        shared.apply(expected)
    assert "reviews: 2 rows lost, 0 in the rehearsal" in caught.value.losses


def test_a_foreign_key_to_a_name_of_two_words_leaves_no_table_alone(
    either: str, tmp_path: Path
) -> None:
    shared = Shared(Served(tmp_path, either, [PRODUCTS], at="aaaa1"))
    shared.place.run(
        "CREATE TABLE `hard wares` (id int PRIMARY KEY, n int);\n"
        "CREATE TABLE parts (id int PRIMARY KEY, w int, CONSTRAINT fk_w FOREIGN KEY (w) "
        "REFERENCES `hard wares` (id) ON DELETE CASCADE);\n"
        "INSERT INTO `hard wares` VALUES (1, 1), (2, 2);\nINSERT INTO parts VALUES (1, 1), (2, 2)"
    )
    shared.plan("op.execute('DELETE FROM `hard wares` WHERE n = 77')")
    expected = shared.rehearse()
    shared.place.run("UPDATE `hard wares` SET n = 77 WHERE id = 2")
    with pytest.raises(DataLost) as caught:
        shared.apply(expected)
    assert "parts: 1 row lost, 0 in the rehearsal" in caught.value.losses


def test_a_trigger_leaves_no_table_alone(either: str, tmp_path: Path) -> None:
    shared = Shared(Served(tmp_path, either, [PRODUCTS], at="aaaa1"))
    shared.place.run(
        "CREATE TRIGGER counts AFTER UPDATE ON products FOR EACH ROW UPDATE visits SET n = 0"
    )
    shared.plan("op.execute(\"UPDATE products SET weight = 5 WHERE name = 'late'\")")
    expected = shared.rehearse()
    shared.place.run("INSERT INTO products (id, name, weight) VALUES (4, 'late', 5)")
    shared.place.run("UPDATE products SET weight = 4 WHERE id = 4;\nUPDATE visits SET n = 7")
    with pytest.raises(DataLost, match=r"visits\.n: values changed"):
        shared.apply(expected)


def test_an_enum_whose_values_are_renamed_leaves_no_table_alone(
    postgresql: str, tmp_path: Path
) -> None:
    shared = Shared(Served(tmp_path, postgresql, [PRODUCTS], at="aaaa1"))
    shared.place.run(
        "CREATE TYPE mood AS ENUM ('a', 'b');\nCREATE TABLE moods (id int PRIMARY KEY, m mood);\n"
        "INSERT INTO moods VALUES (1, 'a')"
    )
    shared.plan("op.execute(\"ALTER TYPE mood RENAME VALUE 'a' TO 'c'\")")
    expected = shared.rehearse()
    assert not expected.is_clean
    assert not shared.apply(expected).ledger.is_clean


@pytest.mark.parametrize("is_ours", [False, True])
def test_large_objects_of_others_are_told_from_those_of_the_plan(
    postgresql: str, tmp_path: Path, is_ours: bool
) -> None:
    shared = Shared(Served(tmp_path, postgresql, [PRODUCTS], at="aaaa1"))
    shared.place.run("SELECT lo_from_bytea(7001, 'abc')")
    put = "SELECT lo_put(7001, 0, 'x')"
    shared.plan(f'op.execute("{put} FROM products WHERE weight = 1")')
    expected = shared.rehearse()
    if is_ours:
        shared.place.run("UPDATE products SET weight = 1 WHERE id = 1")
        with pytest.raises(DataLost, match="large objects"):
            shared.apply(expected)
        return
    assert entry_of(shared.apply(expected, put).ledger, "large objects").by_others


def test_a_plan_that_leaves_its_transaction_goes_by_its_statements(
    postgresql: str, tmp_path: Path
) -> None:
    shared = Shared(Served(tmp_path, postgresql, [PRODUCTS], at="aaaa1"))
    shared.plan(
        "with op.get_context().autocommit_block():\n"
        "    op.execute('CREATE INDEX CONCURRENTLY ix ON products (name)')"
    )
    ledger = shared.apply(shared.rehearse(), *BUSY).ledger
    assert entry_of(ledger, "visits").by_others


@pytest.mark.parametrize("way", ["connection", "engine.raw_connection()"])
def test_what_a_plan_does_past_every_check_is_not_called_the_doing_of_others(
    shared: Shared, way: str
) -> None:
    begins = "with op.get_context().autocommit_block():\n    op.execute('SELECT 1')\n"
    shared.plan(
        (begins if shared.place.url.startswith("postgresql") else "")
        + f"raw = op.get_bind().{way}\nraw.cursor().execute('DELETE FROM visits WHERE n = 77')\n"
        "raw.commit()\nop.add_column('products', sa.Column('price', sa.Integer))"
    )
    expected = shared.rehearse()
    shared.place.run("UPDATE visits SET n = 77 WHERE id = 2")
    with pytest.raises(DataLost, match="visits: 1 row lost, 0 in the rehearsal"):
        shared.apply(expected)


@pytest.mark.parametrize(
    ("tables", "named", "counted"),
    [
        (
            "CREATE TABLE hits (id int PRIMARY KEY, n int) PARTITION BY RANGE (id);\n"
            "CREATE TABLE hits_1 PARTITION OF hits FOR VALUES FROM (0) TO (100)",
            "hits_1",
            "hits",
        ),
        (
            "CREATE TABLE hits (id int PRIMARY KEY, n int);\n"
            "CREATE TABLE hits_1 (PRIMARY KEY (id)) INHERITS (hits)",
            "hits",
            "hits_1",
        ),
    ],
)
def test_a_statement_that_names_another_part_of_a_table_leaves_it_not_alone(
    postgresql: str, tmp_path: Path, tables: str, named: str, counted: str
) -> None:
    shared = Shared(Served(tmp_path, postgresql, [PRODUCTS], at="aaaa1"))
    shared.place.run(f"{tables};\nINSERT INTO hits_1 VALUES (1, 1), (2, 2)")
    shared.plan(
        "with op.get_context().autocommit_block():\n    op.execute('SELECT 1')\n"
        f"op.execute('DELETE FROM {named} WHERE n = 77')"
    )
    expected = shared.rehearse()
    shared.place.run("UPDATE hits SET n = 77 WHERE id = 2")
    with pytest.raises(DataLost, match=f"{counted}: 1 row lost, 0 in the rehearsal"):
        shared.apply(expected)


@pytest.mark.parametrize(
    ("sql", "table", "columns"),
    [
        ("UPDATE t SET a = 1, b = (SELECT max(c) FROM u) WHERE c IN (1, 2)", "t", "a b"),
        ("UPDATE `s`.`t` SET t.a = concat('x, c = 1', b)", "t", "a"),
        ("UPDATE t, u SET t.a = 1", "", ""),
        ("UPDATE t JOIN u ON t.a = u.a SET t.b = 1", "", ""),
        ("UPDATE t SET (a, b) = (1, 2)", "", ""),
        ("UPDATE t SET a = 1 LIMIT 5", "", ""),
        ("UPDATE t SET a = 'it\\', b = '1'", "", ""),
        ("DELETE FROM t", "", ""),
    ],
)
def test_the_columns_that_an_update_sets_are_read(sql: str, table: str, columns: str) -> None:
    assert columns_written(sql) == (table, frozenset(columns.split()))


@pytest.mark.parametrize(
    ("sql", "keeps"),
    [
        ("ALTER TABLE t ADD COLUMN a integer, ADD INDEX ix (a, b)", True),
        ("ALTER TABLE `t` ADD a decimal(10, 2) DEFAULT 0;", True),
        ("CREATE UNIQUE INDEX ix ON t (a)", True),
        ("INSERT INTO t SELECT * FROM u", True),
        ("ALTER TABLE t ADD COLUMN a integer, MODIFY b integer", False),
        ("ALTER IGNORE TABLE t ADD UNIQUE INDEX ix (a)", False),
        ("ALTER TABLE t DROP COLUMN a", False),
        ("ALTER TABLE t ADD a text DEFAULT '(', MODIFY b integer, ADD c text DEFAULT ')'", False),
        ("INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = 2", False),
        ("ALTER TABLE t ADD a text DEFAULT 'it\\', MODIFY b integer, '", False),
        ("ALTER TABLE t ADD a integer /*!, MODIFY b integer */", False),
        ("ALTER TABLE t ADD a integer; UPDATE t SET b = 1", False),
        ("UPDATE t SET a = a", False),
        ("REPLACE INTO t VALUES (1)", False),
    ],
)
def test_only_statements_that_cannot_change_rows_pass_for_harmless(sql: str, keeps: bool) -> None:
    assert keeps_rows(sql) == keeps
