"""The doctor names what a crash left, and every way out is one that was tried and is written down."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from console.schema.errors import ChildDied
from console.schema.executor import apply
from console.services import reviews
from console.services.ailment import Ailment, Remedy
from console.services.audit import list_entries
from console.services.doctor import examine, examine_runs
from console.services.errors import Conflict
from console.services.execution import Workshop
from console.services.queue import enqueue
from console.services.runner import Runner
from console.services.runs import get_run
from console.store.store import Store
from tests.histories.place import PRICE, PRODUCTS, Place
from tests.histories.script_folder import ENVIRONMENT, Sample
from tests.histories.served import Served
from tests.services.conftest import Managed, Open
from tests.services.killing import kill_a_runner_half_way, slow_down
from tests.world import World

DIES = """\
op.add_column("products", sa.Column("stock", sa.Integer))
{}
op.execute("UPDATE products SET stock = weight")
op.create_index("by_stock", "products", ["stock"])"""
BACK = 'op.drop_index("by_stock", "products")\nop.drop_column("products", "stock")'


def look(store: Store, place: Place, seconds: float = 5) -> list[Ailment]:
    workshop = Workshop(store, {"default": place.target}, place.workspace)
    return list(examine(workshop, place.target, actor_name="Ada", idle_seconds=seconds))


def remedy(ailment: Ailment, kind: str) -> Remedy:
    return next(one for one in ailment.possible if one.kind == kind)


def take(ailment: Ailment, kind: str) -> None:
    chosen = remedy(ailment, kind)
    assert chosen.take is not None
    chosen.take()


def died(tmp_path: Path, url: str) -> Place:
    """A run on MariaDB whose process died again and again after its first statement."""
    place = Served(tmp_path, url, [PRODUCTS, PRICE], at="bbbb1")
    deadly = DIES.format("import os; os.kill(os.getpid(), 9)")
    place.write(Sample("cccc1", ("bbbb1",), up=deadly, down=BACK))
    with pytest.raises(ChildDied):
        apply(place.target, place.plan())
    return place


def test_a_journal_tells_what_a_changed_file_can_only_undo(
    tmp_path: Path, either: str, store: Store
) -> None:
    place = died(tmp_path, either)
    (ailment,) = look(store, place)
    assert ailment.code == "half-applied"
    assert "undo" not in {one.kind for one in ailment.possible}, "the file still kills its process"
    file = place.scripts / "versions" / "cccc1_.py"
    file.write_text(file.read_text().replace("os.kill(os.getpid(), 9)", "pass"))
    (ailment,) = look(store, place)
    assert ailment.text == "cccc1 is applied in part: 1 of 3 statements, as its journal tells."
    assert [detail.split()[0] for detail in ailment.details] == ["applied:", "missing:", "missing:"]
    assert remedy(ailment, "undo").preview == ("ALTER TABLE products DROP COLUMN stock",)


def test_a_journal_is_gone_on_after_when_the_file_is_what_it_was(
    tmp_path: Path, either: str, store: Store
) -> None:
    flag = tmp_path / "deadly"
    flag.touch()
    place = Served(tmp_path, either, [PRODUCTS, PRICE], at="bbbb1")
    deadly = f"import os, pathlib\nif pathlib.Path({str(flag)!r}).exists(): os.kill(os.getpid(), 9)"
    place.write(Sample("cccc1", ("bbbb1",), up=DIES.format(deadly), down=BACK))
    with pytest.raises(ChildDied):
        apply(place.target, place.plan())
    flag.unlink()
    (ailment,) = look(store, place)
    assert len(remedy(ailment, "resume").preview) == 2
    take(ailment, "resume")
    assert look(store, place) == []
    assert place.ask("SELECT count(*) FROM products WHERE stock = weight") == [2]
    assert list_entries(store)[0].action == "apply.finished"


def test_an_undone_revision_is_on_record_with_its_statements(tmp_path: Path, store: Store) -> None:
    place = Place(tmp_path, [PRODUCTS, PRICE], at="bbbb1")
    place.write(Sample("cccc1", ("bbbb1",), up=DIES.format(""), down=BACK))
    place.run("ALTER TABLE products ADD COLUMN stock INTEGER")
    (ailment,) = look(store, place)
    take(ailment, "undo")
    assert look(store, place) == []
    entry = list_entries(store)[0]
    assert (entry.actor, entry.action) == ("Ada", "target.mended")
    assert entry.data is not None
    assert entry.data["statements"] == ["ALTER TABLE products DROP COLUMN stock"]


@pytest.mark.parametrize("kinds", [("undo", "undo"), ("undo", "resume"), ("resume", "resume")])
def test_of_two_doctors_at_once_one_mends_and_the_other_is_told(
    tmp_path: Path, store: Store, kinds: tuple[str, str]
) -> None:
    place = Place(tmp_path, [PRODUCTS, PRICE], at="bbbb1")
    up = "\n".join(line for line in DIES.format("pass").splitlines() if "UPDATE" not in line)
    place.write(Sample("cccc1", ("bbbb1",), up=up, down=BACK))
    place.run("ALTER TABLE products ADD COLUMN stock INTEGER")
    remedies = [remedy(look(store, place)[0], kind) for kind in kinds]
    said = at_once(*remedies)
    assert said.count("done") == 1
    (other,) = [one for one in said if one != "done"]
    assert other.startswith("'default' is not what the doctor has looked at: the ")
    assert other.endswith(
        "Nothing was changed here; somebody else may have been quicker. Look again."
    )
    assert look(store, place) == []
    assert [one.action for one in list_entries(store)].count("target.mended") == 1


def test_of_three_who_stamp_at_once_one_does(tmp_path: Path, store: Store) -> None:
    place = Place(tmp_path, [PRODUCTS, PRICE], at="bbbb1")
    place.run("UPDATE alembic_version SET version_num = 'aaaa1'")
    said = at_once(*(remedy(look(store, place)[0], "stamp") for _ in range(3)))
    assert said.count("done") == 1
    assert sum("is not what the doctor has looked at" in one for one in said) == 2
    assert look(store, place) == []
    assert [one.action for one in list_entries(store)].count("target.mended") == 1


def at_once(*remedies: Remedy) -> list[str]:
    """Take them together; what each of them says, or "done"."""
    together = threading.Barrier(len(remedies))

    def take(chosen: Remedy) -> str:
        together.wait()
        assert chosen.take is not None
        try:
            chosen.take()
        except Conflict as error:
            return str(error)
        return "done"

    with ThreadPoolExecutor(len(remedies)) as pool:
        return list(pool.map(take, remedies))


def test_where_two_places_fit_both_stamps_are_offered(tmp_path: Path, store: Store) -> None:
    data = Sample("cccc1", ("bbbb1",), up='op.execute("UPDATE products SET weight = 1")')
    place = Place(tmp_path, [PRODUCTS, PRICE, data], at="bbbb1")
    place.run("DELETE FROM alembic_version")
    (ailment,) = look(store, place)
    assert ailment.code == "wrong-stamp"
    assert ailment.advice == "Only the data can tell which."
    first, second = ailment.possible
    assert (first.text, second.text) == ("Stamp it with bbbb1.", "Stamp it with cccc1.")
    assert second.preview[1] == "INSERT INTO alembic_version (version_num) VALUES ('cccc1')"
    assert second.take is not None
    second.take()
    assert look(store, place) == []


def test_a_stamp_says_which_changes_of_rows_it_takes_for_done(tmp_path: Path, store: Store) -> None:
    ends = 'op.create_index("by_weight", "products", ["weight"])\nop.execute("DELETE FROM reviews")'
    place = Place(tmp_path, [PRODUCTS, PRICE, Sample("cccc1", ("bbbb1",), up=ends)], at="bbbb1")
    place.run("CREATE INDEX by_weight ON products (weight)")  # and then the process was killed
    (ailment,) = look(store, place)
    (remedy,) = ailment.possible
    assert remedy.text == "Stamp it with cccc1."
    (effect,) = remedy.effect
    assert effect.endswith("look at the data first: DELETE FROM reviews")


def test_a_stamp_is_shown_with_the_schema_of_its_table(tmp_path: Path, store: Store) -> None:
    place = Place(tmp_path, [PRODUCTS, PRICE], at="bbbb1")
    place.run("UPDATE alembic_version SET version_num = 'aaaa1'")
    place.environment(
        ENVIRONMENT.replace("(connection=", "(version_table_schema='main', connection=")
    )
    place.target = replace(place.target, version_table_schema="main")
    (ailment,) = look(store, place)
    (remedy,) = ailment.possible
    assert remedy.preview[0] == "DELETE FROM main.alembic_version"


@pytest.mark.parametrize("server", ["postgresql", "mariadb", "mysql"])
def test_a_stamp_is_written_on_every_database(
    tmp_path: Path, request: pytest.FixtureRequest, server: str, store: Store
) -> None:
    place = Served(tmp_path, request.getfixturevalue(server), [PRODUCTS, PRICE], at="aaaa1")
    place.run("UPDATE alembic_version SET version_num = 'bbbb1'")
    (ailment,) = look(store, place)
    take(ailment, "stamp")
    assert look(store, place) == []


def test_somebody_who_is_in_the_middle_of_it_is_waited_for(tmp_path: Path, store: Store) -> None:
    place = Place(tmp_path, [PRODUCTS, PRICE], at="bbbb1")
    with closing(sqlite3.connect(place.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        (ailment,) = look(store, place, 0)
        assert ailment.code == "session-at-work"
        assert ailment.details == ("somebody writes to the file",)
        other.execute("ROLLBACK")
    assert look(store, place) == []


def test_a_statement_that_still_runs_on_a_server_is_named(
    tmp_path: Path, either: str, store: Store
) -> None:
    place = Served(tmp_path, either, [PRODUCTS, PRICE], at="bbbb1")
    slow = "CREATE TABLE slow AS SELECT sleep(4) AS one"
    other = threading.Thread(target=place.run, args=(slow,))
    other.start()
    try:
        while not place.ask(
            "SELECT 1 FROM information_schema.processlist WHERE info LIKE 'CREATE TABLE slow%'"
        ):
            pass
        (ailment,) = look(store, place, 0)
        assert ailment.code == "session-at-work"
        assert slow in ailment.details[0]
    finally:
        other.join()
    place.run("DROP TABLE slow")
    assert look(store, place) == []


def test_an_invalid_index_is_dropped_on_request(
    tmp_path: Path, postgresql: str, store: Store
) -> None:
    place = Served(tmp_path, postgresql, [PRODUCTS, PRICE], at="aaaa1")
    with pytest.raises(IntegrityError):
        place.run("CREATE UNIQUE INDEX CONCURRENTLY one_of ON reviews (product_id)")
    (ailment,) = look(store, place)
    assert ailment.code == "invalid-index"
    assert remedy(ailment, "clean").preview == ("DROP INDEX CONCURRENTLY public.one_of",)
    take(ailment, "clean")
    assert look(store, place) == []


def test_while_a_run_has_the_database_nothing_is_looked_at(tmp_path: Path, store: Store) -> None:
    place = Place(tmp_path, [PRODUCTS, PRICE], at="aaaa1")
    place.run("UPDATE alembic_version SET version_num = 'bbbb1'")
    (ailment,) = look(store, place)
    plan = Place(tmp_path / "other", [PRODUCTS, PRICE]).plan()
    with store.begin() as session:
        enqueue(session, kind="apply", plan=plan, requested_by="Somebody")
    with pytest.raises(Conflict, match="A run has 'default'"):
        take(ailment, "stamp")
    (ailment,) = look(store, place)
    assert (ailment.code, ailment.remedies) == ("run-at-work", ())
    assert "Wait until it has finished" in ailment.advice


def test_a_run_whose_worker_was_killed_is_closed_where_its_database_stands(
    opened: Open,
    store: Store,
    managed: Managed,
    world: World,
    workspace: Path,
    tmp_path: Path,
) -> None:
    slow = slow_down(managed, tmp_path / "slow")
    review = opened()
    Runner(store, managed.targets, workspace).work(threading.Event(), once=True)
    reviews.approve(store, managed.targets, world.approver, review.id)
    run = reviews.request_apply(store, managed.targets, world.approver, review.id)
    slow.touch()
    kill_a_runner_half_way(store, managed, workspace, run.id)
    workshop = Workshop(store, managed.targets, workspace)
    (ailment,) = examine_runs(workshop)
    assert ailment.code == "hanging-run"
    assert f"run {run.id} died" in ailment.text
    (blocked,) = examine(workshop, managed.targets[run.target], actor_name="Tests")
    assert blocked.code == "run-at-work"
    assert "close the run first" in blocked.advice
    take(ailment, "recover")
    assert list(examine_runs(workshop)) == []
    ended = get_run(store, run.id)
    assert ended.state == "interrupted"
    assert ended.error is not None
    assert "Nothing was changed" in ended.error


def test_a_history_that_does_not_run_so_far_is_not_called_another_schema(
    tmp_path: Path, store: Store
) -> None:
    place = Place(tmp_path, [PRODUCTS, PRICE], at="aaaa1")
    place.write(replace(PRODUCTS, up='raise ValueError("no rows")'))
    (ailment,) = look(store, place)
    assert ailment.code == "history-fails"
    assert "cannot be told" in ailment.text
    assert "no rows" in ailment.text
    assert not ailment.possible
