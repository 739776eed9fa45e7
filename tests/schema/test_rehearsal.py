"""A rehearsal runs a plan, its way back and the plan again on a clone, and tells what would become of the data."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from console.schema.catalogue import Difference
from console.schema.errors import PlanChanged
from console.schema.executor import apply
from console.schema.plan import make_plan
from console.schema.progress import Event
from console.schema.rehearsal import Again, Rehearsal, rehearse, remove_orphans
from console.schema.wire import decode, encode
from tests.histories.place import PRICE, PRODUCTS, Place
from tests.histories.script_folder import Sample


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Three products and three reviews, one revision behind."""
    return Place(tmp_path, [PRODUCTS, PRICE], at="aaaa1")


def test_a_new_column_is_proven_to_keep_everything_both_ways(place: Place) -> None:
    before = place.dump()
    rehearsal = place.rehearse()
    assert place.dump() == before
    assert rehearsal.succeeded
    assert rehearsal.clone.startswith("SQLite backup of ")
    assert rehearsal.ledger is not None
    assert rehearsal.ledger.is_clean
    assert rehearsal.ledger.verdict == (
        "Nothing is lost: 6 rows in 2 tables, every earlier value identical."
    )
    (table,) = rehearsal.difference.tables
    assert (table.name, table.sign) == ("products", "changed")
    assert {(c.sign, c.kind, c.name) for c in table.changes} == {
        ("added", "column", "price"),
        ("added", "check", "ck_price"),
    }
    assert rehearsal.way_back is not None
    assert rehearsal.way_back.works
    assert rehearsal.way_back.ledger is not None
    assert rehearsal.way_back.ledger.is_clean
    assert rehearsal.way_back.difference is not None
    assert not rehearsal.way_back.difference


def test_the_clone_is_gone_afterwards(place: Place) -> None:
    place.rehearse()
    assert list(place.workspace.iterdir()) == []


def test_a_way_down_says_what_it_would_lose(place: Place) -> None:
    apply(place.target, place.plan())
    place.run("UPDATE products SET price = 9.5 WHERE id < 3")
    rehearsal = place.rehearse("aaaa1")
    assert rehearsal.ledger is not None
    assert rehearsal.ledger.losses == (
        "products: 3 rows before, 3 after, column price removed, 2 values lost, "
        "every other value identical",
    )
    assert rehearsal.way_back is not None
    assert rehearsal.way_back.works
    assert rehearsal.way_back.ledger is not None
    assert not rehearsal.way_back.ledger.is_clean


def test_the_way_to_base_and_its_way_back(place: Place) -> None:
    rehearsal = place.rehearse("base")
    assert rehearsal.succeeded
    assert rehearsal.way_back is not None
    assert rehearsal.way_back.works
    assert rehearsal.ledger is not None
    assert rehearsal.ledger.losses == (
        "products: table removed, 3 rows lost",
        "reviews: table removed, 3 rows lost",
    )


def test_operations_are_captured_inside_a_batch_too(place: Place) -> None:
    names = [(o.name, o.table, o.column, o.detail("batch")) for o in place.rehearse().operations]
    assert names == [
        ("add_column", "products", "price", "yes"),
        ("create_check_constraint", "products", None, "yes"),
        ("batch_alter_table", "products", None, None),
    ]


def test_a_failing_migration_is_a_result_and_not_an_exception(place: Place) -> None:
    place.write(Sample("cccc1", ("bbbb1",), up="op.execute('DROP TABLE missing')"))
    rehearsal = place.rehearse()
    assert not rehearsal.succeeded
    assert rehearsal.error == "OperationalError: no such table: missing"
    assert rehearsal.failed_revision == "cccc1"
    assert rehearsal.failed_statement == "DROP TABLE missing"
    assert [step.revision for step in rehearsal.steps] == ["bbbb1", "cccc1"]
    assert rehearsal.way_back is None


def test_a_downgrade_that_raises_is_no_way_back(place: Place) -> None:
    place.write(
        Sample("cccc1", ("bbbb1",), down="raise NotImplementedError('There is no way back')")
    )
    rehearsal = place.rehearse()
    assert rehearsal.succeeded
    assert rehearsal.way_back is not None
    assert not rehearsal.way_back.works
    assert rehearsal.way_back.error == "NotImplementedError: There is no way back"
    assert rehearsal.way_back.again is None


def test_a_downgrade_that_does_nothing_leaves_a_difference(place: Place) -> None:
    place.write(
        Sample("cccc1", ("bbbb1",), up="op.add_column('products', sa.Column('x', sa.Text))")
    )
    way_back = place.rehearse().way_back
    assert way_back is not None
    assert way_back.works
    assert way_back.difference


def test_the_plan_runs_again_after_its_way_back(place: Place) -> None:
    way_back = place.rehearse().way_back
    assert way_back is not None
    assert way_back.again == Again(True, None, Difference(()))
    assert way_back.sentence == "It works, and everything is as it was before."
    assert way_back.again.sentence == "After it the plan works again, and leaves the same schema."


def test_what_a_downgrade_forgot_stands_in_the_way_of_the_plan_again(place: Place) -> None:
    place.write(Sample("cccc1", ("bbbb1",), up="op.execute('CREATE TABLE extra (id INTEGER)')"))
    rehearsal = place.rehearse()
    assert rehearsal.succeeded
    assert rehearsal.way_back is not None
    assert rehearsal.way_back.works
    assert rehearsal.way_back.again is not None
    assert not rehearsal.way_back.again.works
    assert rehearsal.way_back.again.sentence == (
        "After it the plan does not work a second time: OperationalError: table extra already "
        "exists. The way back does not lead to where the plan began."
    )


def test_a_plan_that_leaves_another_schema_the_second_time_is_told(place: Place) -> None:
    up = """\
if sa.inspect(op.get_bind()).has_table("done"):
    op.add_column("products", sa.Column("size", sa.Text))
op.execute("CREATE TABLE IF NOT EXISTS done (id INTEGER)")"""
    place.write(Sample("cccc1", ("bbbb1",), up=up))
    way_back = place.rehearse().way_back
    assert way_back is not None
    assert way_back.again is not None
    assert way_back.again.sentence == (
        "After it the plan works again, but leaves another schema: products."
    )


def test_a_way_down_is_tried_up_and_down_again_too(place: Place) -> None:
    apply(place.target, place.plan())
    way_back = place.rehearse("aaaa1").way_back
    assert way_back is not None
    assert way_back.again is not None
    assert way_back.again.works


def test_a_killed_migration_is_a_failed_rehearsal(place: Place) -> None:
    place.write(Sample("cccc1", ("bbbb1",), up="import os\nos.kill(os.getpid(), 9)"))
    rehearsal = place.rehearse()
    assert not rehearsal.succeeded
    assert "SIGKILL" in str(rehearsal.error)


def test_files_that_changed_since_the_plan_are_not_rehearsed(place: Place) -> None:
    plan = place.plan()
    path = place.scripts / "versions" / "bbbb1_.py"
    path.write_text(path.read_text() + "\n")
    with pytest.raises(PlanChanged, match=r"bbbb1_\.py changed"):
        rehearse(place.target, plan, workspace=place.workspace)


def test_progress_is_told(place: Place) -> None:
    events: list[Event] = []
    rehearse(place.target, place.plan(), workspace=place.workspace, progress=events.append)
    assert events[0].text == "Copying default"
    assert {e.kind for e in events} == {
        "clone", "ledger", "step-started", "statement", "step-finished", "check", "finished",
    }  # fmt: skip
    assert events[-1].text.startswith("Nothing is lost")


def test_rows_that_a_migration_inserts_are_told_from_earlier_ones(place: Place) -> None:
    place.write(
        Sample(
            "cccc1", ("bbbb1",), up="op.execute(\"INSERT INTO products (name) VALUES ('Desk')\")"
        )
    )
    ledger = place.rehearse().ledger
    assert ledger is not None
    assert ledger.is_clean
    assert ledger.entries[0].sentence == (
        "products: 3 rows before, 4 after, every earlier value identical"
    )


MANY = """
INSERT INTO products (id, name, weight) WITH RECURSIVE n (i) AS (
    SELECT 101 UNION ALL SELECT i + 1 FROM n WHERE i < 40000
) SELECT i, 'name ' || i, i FROM n
"""


@pytest.mark.parametrize(
    ("loss", "copies", "words"),
    [
        ("", 1, "every earlier value identical"),
        ("DELETE FROM products WHERE id > 39000", 2, "1,000 rows lost, values changed in weight"),
    ],
)
def test_a_large_table_is_copied_once_more_only_where_it_lost_rows(
    place: Place, loss: str, copies: int, words: str
) -> None:
    place.run(MANY)
    change = f"{loss}; UPDATE products SET weight = 0 WHERE id = 200" if loss else "SELECT 1"
    lines = "\n".join(f"op.execute({sql!r})" for sql in change.split("; "))
    place.write(replace(PRICE, up=lines, down="pass"))
    events: list[Event] = []
    rehearsal = rehearse(
        place.target, place.plan(), workspace=place.workspace, progress=events.append
    )
    assert [e.text for e in events].count("Copying default") == copies
    assert rehearsal.ledger is not None
    assert words in rehearsal.ledger.entries[0].sentence
    assert rehearsal.way_back is not None
    assert rehearsal.way_back.ledger is not None
    assert words in rehearsal.way_back.ledger.entries[0].sentence


def test_a_lost_trigger_is_a_loss(place: Place) -> None:
    place.run(
        "CREATE TRIGGER keep AFTER UPDATE ON products BEGIN "
        "UPDATE reviews SET text = text WHERE product_id = new.id; END;"
    )
    ledger = place.rehearse().ledger
    assert ledger is not None
    assert ledger.objects_lost == (("trigger", "keep"),)
    assert ledger.losses == ("trigger keep removed",)


def test_a_database_that_is_not_there_yet_is_rehearsed_and_not_made(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS])
    assert place.rehearse().succeeded
    assert not place.file.exists()


def test_a_source_in_use_is_cloned_all_the_same(place: Place) -> None:
    place.run("PRAGMA journal_mode = WAL;")
    with closing(sqlite3.connect(place.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO products (name) VALUES ('not yet there')")
        rehearsal = place.rehearse()
    assert rehearsal.ledger is not None
    assert rehearsal.ledger.entries[0].rows_before == 3


def test_a_rehearsal_travels_as_plain_data(place: Place) -> None:
    rehearsal = place.rehearse()
    assert decode(Rehearsal, encode(rehearsal)) == rehearsal


def test_clones_of_killed_processes_are_removed_and_living_ones_kept(place: Place) -> None:
    script = (
        "import sys, os\nfrom pathlib import Path\n"
        "from console.schema.clone import clone_of, remove_orphans\n"
        "from tests.histories.script_folder import target_of\n"
        "with clone_of(target_of(Path(sys.argv[1])), Path(sys.argv[2])):\n"
        "    print(remove_orphans(Path(sys.argv[2])), flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(place.scripts), str(place.workspace)],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.stdout.strip() == "()"
    (name,) = remove_orphans(place.workspace)
    assert name.startswith("console-clone-")
    assert list(place.workspace.iterdir()) == []


def test_a_copy_of_the_script_folder_elsewhere_has_the_same_digest(
    place: Place, tmp_path: Path
) -> None:
    plan = place.plan()
    shutil.copytree(place.scripts, tmp_path / "elsewhere" / "migrations")
    scripts = tmp_path / "elsewhere" / "migrations"
    moved = replace(
        place.target, script_location=scripts, version_locations=(scripts / "versions",)
    )
    assert make_plan(moved, "head").digest == plan.digest
