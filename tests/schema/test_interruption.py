"""A revision that is there in part is told statement by statement, resumed or undone after a trial."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from console.schema.diagnosis import diagnose
from console.schema.errors import ChildDied, PlanChanged, RunCancelled
from console.schema.executor import apply
from console.schema.history import read_history
from console.schema.interruption import Interruption, find_interruption
from console.schema.mend import LOOK_AGAIN, Tried, mend, try_out
from console.schema.standing import read_standing
from tests.histories.place import PRICE, PRODUCTS, Place
from tests.histories.script_folder import ENVIRONMENT, Sample
from tests.histories.served import Served

DIE = "\nimport os\nos.kill(os.getpid(), 9)\n"
FIRST = """\
op.add_column("products", sa.Column("stock", sa.Integer))
op.create_index("by_stock", "products", ["stock"])"""
SECOND = """\
op.add_column("reviews", sa.Column("stars", sa.Integer))
op.execute("UPDATE reviews SET stars = 5")
op.create_index("by_stars", "reviews", ["stars"])"""
BACK = """\
op.drop_index("by_stars", "reviews")
op.drop_column("reviews", "stars")
op.drop_index("by_stock", "products")
op.drop_column("products", "stock")"""


def stock(up: str, down: str = BACK) -> Sample:
    return Sample("cccc1", ("bbbb1",), up=up, down=down, message="Count the stock")


WHOLE = stock(f"{FIRST}\n{SECOND}")


def crash(place: Place, up: str, *arguments: str, down: str = BACK) -> None:
    """Run plain Alembic with a revision that dies where it is told to; then the file is as it was."""
    place.write(stock(up, down))
    (place.folder / "alembic.ini").write_text(
        "[alembic]\nscript_location = migrations\n"
        f"sqlalchemy.url = {place.target.url.replace('%', '%%')}\n"
    )
    command = [sys.executable, "-m", "alembic", *(arguments or ("upgrade", "head"))]
    ended = subprocess.run(command, cwd=place.folder, capture_output=True, check=False)
    assert ended.returncode == -9, ended.stderr.decode()
    place.write(WHOLE)


def seen(place: Place) -> Interruption:
    found = find_interruption(place.target, diagnose(place.target))
    assert found is not None
    return found


def states(found: Interruption) -> list[tuple[str, str]]:
    return [(" ".join(one.sql.split()[:3]), one.state) for one in found.statements]


def resumed(place: Place, found: Interruption) -> Tried:
    return try_out(place.target, found, found.resume, workspace=place.workspace)


def undone(place: Place, found: Interruption) -> Tried:
    return try_out(place.target, found, found.undo, workspace=place.workspace)


def heads(place: Place) -> tuple[str, ...]:
    return read_standing(place.target, read_history(place.target)).heads


@pytest.fixture(params=["sqlite", "mariadb", "mysql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Standing at bbbb1, on the databases where Alembic commits in the middle of a revision."""
    samples = [PRODUCTS, PRICE]
    if request.param == "sqlite":
        return Place(tmp_path, samples, at="bbbb1")
    return Served(tmp_path, request.getfixturevalue(request.param), samples, at="bbbb1")


def test_a_crash_between_statements_is_told_statement_by_statement(place: Place) -> None:
    crash(place, FIRST + DIE + SECOND)
    found = seen(place)
    assert (found.revision, found.direction, found.is_journaled) == ("cccc1", "up", False)
    assert states(found) == [
        ("ALTER TABLE products", "applied"),
        ("CREATE INDEX by_stock", "applied"),
        ("ALTER TABLE reviews", "missing"),
        ("UPDATE reviews SET", "missing"),
        ("CREATE INDEX by_stars", "missing"),
    ]


def test_the_rest_is_brought_in_as_it_was_tried(place: Place) -> None:
    crash(place, FIRST + DIE + SECOND)
    before = place.dump()
    found = seen(place)
    tried = resumed(place, found)
    assert place.dump() == before
    assert [" ".join(sql.split()) for sql in tried.statements] == [
        "ALTER TABLE reviews ADD COLUMN stars INTEGER",
        "UPDATE reviews SET stars = 5",
        "CREATE INDEX by_stars ON reviews (stars)",
    ]
    ledger = mend(place.target, tried)
    assert ledger.is_clean
    assert heads(place) == ("cccc1",)
    assert diagnose(place.target).is_sound
    assert set(place.ask("SELECT stars FROM reviews")) == {5}


def test_what_is_there_is_taken_out_by_the_way_back(place: Place) -> None:
    crash(place, FIRST + DIE + SECOND)
    place.run("UPDATE products SET stock = 9 WHERE id < 3")
    found = seen(place)
    tried = undone(place, found)
    assert [" ".join(sql.split()[:3]) for sql in tried.statements] == [
        "DROP INDEX by_stock",
        "ALTER TABLE products",
    ]
    assert tried.ledger is not None
    assert "column stock removed, 2 values lost" in tried.ledger.losses[0]
    mend(place.target, tried)
    assert heads(place) == ("bbbb1",)
    assert diagnose(place.target).is_sound
    assert len(place.ask("SELECT id FROM products")) == 3


def test_without_a_downgrade_what_was_added_is_dropped(place: Place) -> None:
    global_whole = stock(f"{FIRST}\n{SECOND}", "pass")
    crash(place, FIRST + DIE + SECOND, down="pass")
    place.write(global_whole)
    tried = undone(place, seen(place))
    assert [" ".join(sql.split()[:2]) for sql in tried.statements] == ["DROP INDEX", "ALTER TABLE"]
    mend(place.target, tried)
    assert diagnose(place.target).is_sound


def test_rows_that_may_have_been_changed_are_neither_changed_again_nor_taken_back(
    place: Place,
) -> None:
    rows = 'op.execute("UPDATE reviews SET text = text || 1")\n'
    whole = stock(f"{FIRST}\n{rows}{SECOND}")
    crash(place, FIRST + DIE)
    place.write(whole)
    found = seen(place)
    assert ("UPDATE reviews SET", "unknown") in states(found)
    assert "cannot be told: UPDATE reviews SET text" in resumed(place, found).refusal
    assert "cannot be taken back: UPDATE reviews" in undone(place, found).refusal


def test_values_that_a_revision_computes_are_never_made_up(place: Place) -> None:
    reading = 'for (key,) in op.get_bind().execute(sa.text("SELECT id FROM products")): pass\n'
    whole = stock(f"{FIRST}\n{reading}{SECOND}")
    crash(place, FIRST + DIE)
    place.write(whole)
    found = seen(place)
    assert "it reads rows to decide what it does" in resumed(place, found).refusal
    assert undone(place, found).mend is not None


def test_a_downgrade_that_died_goes_on_or_back(place: Place) -> None:
    place.write(WHOLE)
    apply(place.target, place.plan())
    first, *rest = BACK.splitlines()
    crash(place, "pass", "downgrade", "-1", down="\n".join([first, DIE, *rest]))
    found = seen(place)
    assert (found.direction, found.revision) == ("down", "cccc1")
    assert states(found)[0] == ("DROP INDEX by_stars", "applied")
    assert [" ".join(sql.split()[:3]) for sql in undone(place, found).statements] == [
        "CREATE INDEX by_stars"
    ]
    mend(place.target, resumed(place, found))
    assert heads(place) == ("bbbb1",)
    assert diagnose(place.target).is_sound


def test_nothing_is_mended_that_changed_since_it_was_tried(place: Place) -> None:
    crash(place, FIRST + DIE + SECOND)
    tried = resumed(place, seen(place))
    place.run("CREATE TABLE others (id INTEGER)")
    before = place.dump()
    with pytest.raises(PlanChanged, match="schema of the database changed"):
        mend(place.target, tried)
    assert place.dump() == before


DEADLY = """\
import os
import pathlib

import sqlalchemy

def die(conn, cursor, statement, *rest):
    if statement.startswith(("DROP INDEX", "CREATE INDEX")) and pathlib.Path({flag!r}).exists():
        os.kill(os.getpid(), 9)

sqlalchemy.event.listen(sqlalchemy.Engine, "after_cursor_execute", die)
"""


def test_a_way_out_that_is_killed_says_to_look_again_and_leaves_nothing_in_doubt(
    place: Place,
) -> None:
    before = place.dump()
    crash(place, f"{FIRST}{DIE}{SECOND}")
    flag = place.folder / "die"
    place.environment(DEADLY.format(flag=str(flag)) + ENVIRONMENT)
    tried = undone(place, seen(place))
    flag.touch()
    stays = "tells what that is, and goes on"
    if place.target.url.startswith("sqlite"):
        stays = r"rolled back\. Nothing was changed\.$"
    with pytest.raises(ChildDied, match=stays):
        mend(place.target, tried)
    flag.unlink()
    mend(place.target, undone(place, seen(place)))
    assert place.dump() == before
    assert diagnose(place.target).is_sound


def test_a_way_out_that_is_cancelled_says_what_stays(place: Place) -> None:
    before = place.dump()
    crash(place, f"{FIRST}{DIE}{SECOND}")
    flag, reached = place.folder / "slow", place.folder / "reached"
    slow = f"(pathlib.Path({str(reached)!r}).touch(), __import__('time').sleep(60))"
    kill = "os.kill(os.getpid(), 9)"
    place.environment(DEADLY.replace(kill, slow).format(flag=str(flag)) + ENVIRONMENT)
    tried = undone(place, seen(place))
    flag.touch()
    with pytest.raises(RunCancelled) as raised:
        mend(place.target, tried, cancelled=reached.exists)
    is_whole = place.target.url.startswith("sqlite")
    said = "Nothing was changed." if is_whole else LOOK_AGAIN
    assert str(raised.value) == f"It was cancelled. {said}"
    flag.unlink()
    mend(place.target, undone(place, seen(place)))
    assert place.dump() == before


def test_a_sound_database_has_no_interruption(place: Place) -> None:
    assert find_interruption(place.target, diagnose(place.target)) is None


def test_a_column_that_a_hand_added_is_resumed_or_undone_by_a_rebuild(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS, PRICE], at="aaaa1")
    place.run("ALTER TABLE products ADD COLUMN price NUMERIC(10, 2)")
    found = seen(place)
    assert {state for _, state in states(found)} == {"unknown"}
    mend(place.target, undone(place, found))
    assert diagnose(place.target).is_sound
    assert heads(place) == ("aaaa1",)


def test_a_rebuild_is_one_thing_that_is_there_or_not(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS, PRICE], at="aaaa1")
    both = """\
with op.batch_alter_table("products") as batch:
    batch.alter_column("name", type_=sa.String(90))
{}
with op.batch_alter_table("reviews") as batch:
    batch.alter_column("text", nullable=False)"""
    sample = Sample(
        "bbbb1",
        ("aaaa1",),
        up=both.format(f"op.get_bind().connection.commit()\n{DIE}"),
        down="pass",
    )
    place.write(sample)
    (place.folder / "alembic.ini").write_text(
        f"[alembic]\nscript_location = migrations\nsqlalchemy.url = {place.target.url}\n"
    )
    command = [sys.executable, "-m", "alembic", "upgrade", "head"]
    assert subprocess.run(command, cwd=place.folder, check=False).returncode == -9
    place.write(Sample("bbbb1", ("aaaa1",), up=both.format(""), down="pass"))
    found = seen(place)
    assert [state for _, state in states(found)] == ["applied"] * 4 + ["missing"] * 4
    ledger = mend(place.target, resumed(place, found))
    assert ledger.is_clean
    assert diagnose(place.target).is_sound


def test_a_journal_says_which_rows_were_changed(tmp_path: Path, either: str) -> None:
    place = Served(tmp_path, either, [PRODUCTS, PRICE], at="bbbb1")
    rows = '\nop.execute("UPDATE reviews SET text = 1")\n'
    place.write(stock(f"{FIRST}{rows}op.drop_index('by_stock', 'products'){DIE}{SECOND}"))
    with pytest.raises(ChildDied):
        apply(place.target, place.plan())
    place.write(stock(f"{FIRST}{rows}op.drop_index('by_stock', 'products')\n{SECOND}"))
    found = seen(place)
    assert found.is_journaled
    assert states(found)[2:5] == [
        ("UPDATE reviews SET", "applied"),
        ("DROP INDEX by_stock", "applied"),
        ("ALTER TABLE reviews", "missing"),
    ]
    assert "cannot be taken back: UPDATE reviews" in undone(place, found).refusal


def test_undoing_what_a_journal_knows_ends_the_journal(tmp_path: Path, either: str) -> None:
    place = Served(tmp_path, either, [PRODUCTS, PRICE], at="bbbb1")
    place.write(stock(FIRST + DIE + SECOND))
    with pytest.raises(ChildDied):
        apply(place.target, place.plan())
    place.write(WHOLE)
    found = seen(place)
    assert found.goal == "cccc1"
    assert states(found)[-1] == ("CREATE INDEX by_stars", "missing")
    mend(place.target, undone(place, found))
    assert place.ask("SHOW TABLES LIKE 'console_journal'") == []
    assert diagnose(place.target).is_sound
    assert apply(place.target, place.plan()).heads == ("cccc1",)
