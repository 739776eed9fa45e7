"""A plan runs for real exactly as it was approved, or not at all."""

import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from console.schema.errors import (
    DataLost,
    MigrationFailed,
    PlanChanged,
    TargetLocked,
    Unsupported,
    WrongDatabase,
)
from console.schema.executor import apply
from console.schema.progress import Event
from tests.histories.place import PRICE, PRODUCTS, Place
from tests.histories.script_folder import ENVIRONMENT, Sample, text_of


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Three products and three reviews, one revision behind."""
    return Place(tmp_path, [PRODUCTS, PRICE], at="aaaa1")


def refused(place: Place, *samples: Sample, goal: str = "head") -> Exception:
    """Write revisions, apply, and return the error, after making sure that nothing has changed."""
    place.write(*samples)
    before = place.dump()
    with pytest.raises((MigrationFailed, DataLost, WrongDatabase, Unsupported)) as caught:
        apply(place.target, place.plan(goal))
    assert place.dump() == before
    return caught.value


def after_price(up: str) -> Sample:
    """A revision upon the price that does this."""
    return Sample("cccc1", ("bbbb1",), up=up)


def test_a_new_column_leaves_every_earlier_value_identical(place: Place) -> None:
    outcome = apply(place.target, place.plan())
    assert outcome.heads == ("bbbb1",)
    assert place.ask("SELECT version_num FROM alembic_version") == ["bbbb1"]
    assert [entry.sentence for entry in outcome.ledger.entries] == [
        "products: 3 rows before, 3 after, every earlier value identical",
        "reviews: 3 rows before, 3 after, every earlier value identical",
    ]
    assert outcome.ledger.is_clean
    assert place.ask("SELECT name, price FROM products WHERE id = 1") == [("Lamp", None)]


def test_batch_mode_keeps_the_children_of_on_delete_cascade(place: Place) -> None:
    place.environment(
        ENVIRONMENT.replace(
            "engine = ",
            "from sqlalchemy import event\n"
            "from sqlalchemy.engine import Engine\n"
            "@event.listens_for(Engine, 'connect')\n"
            "def enforce(connection, record):\n"
            "    connection.execute('PRAGMA foreign_keys = ON')\n"
            "engine = ",
        )
    )
    apply(place.target, place.plan())
    assert place.ask("SELECT id FROM reviews") == [1, 2, 3]


def test_the_steps_carry_their_statements_and_tell_their_progress(place: Place) -> None:
    events: list[Event] = []
    outcome = apply(place.target, place.plan(), progress=events.append)
    (step,) = outcome.steps
    assert step.revision == "bbbb1"
    assert any("price NUMERIC(10, 2)" in statement.sql for statement in step.statements)
    copied = next(s for s in step.statements if s.sql.startswith("INSERT INTO _alembic_tmp"))
    assert copied.rows == 3
    kinds = [event.kind for event in events]
    assert kinds[:2] == ["ledger", "step-started"]
    assert kinds[-3:] == ["check", "ledger", "finished"]


def test_a_downgrade_to_base_and_up_again(place: Place) -> None:
    outcome = apply(place.target, place.plan("base"))
    assert outcome.heads == ()
    assert outcome.ledger.losses == (
        "products: table removed, 3 rows lost",
        "reviews: table removed, 3 rows lost",
    )
    assert apply(place.target, place.plan()).heads == ("bbbb1",)


def test_the_tables_of_the_console_are_no_part_of_the_ledger(place: Place) -> None:
    place.run("CREATE TABLE console_account (id INTEGER PRIMARY KEY); ")
    outcome = apply(place.target, place.plan())
    assert [entry.table for entry in outcome.ledger.entries] == ["products", "reviews"]


def test_changed_bytes_of_a_file_refuse_the_plan_and_name_the_file(place: Place) -> None:
    plan = place.plan()
    path = place.scripts / "versions" / "bbbb1_.py"
    path.write_text(path.read_text() + "\n")
    with pytest.raises(PlanChanged, match=r"bbbb1_\.py changed"):
        apply(place.target, plan)
    assert place.ask("SELECT version_num FROM alembic_version") == ["aaaa1"]


def test_a_file_that_is_no_python_any_more_refuses_the_plan_and_is_named(place: Place) -> None:
    plan = place.plan()
    (place.scripts / "versions" / "bbbb1_.py").write_text("def upgrade(:\n")
    with pytest.raises(PlanChanged, match=r"migrations/versions/bbbb1_\.py changed"):
        apply(place.target, plan)


def test_a_file_that_is_gone_refuses_the_plan_and_is_named(place: Place) -> None:
    plan = place.plan()
    (place.scripts / "versions" / "bbbb1_.py").unlink()
    with pytest.raises(PlanChanged, match=r"bbbb1_\.py is gone"):
        apply(place.target, plan)


def test_a_changed_env_py_refuses_the_plan(place: Place) -> None:
    plan = place.plan()
    place.environment(ENVIRONMENT + "\n")
    with pytest.raises(PlanChanged, match=r"migrations/env\.py changed"):
        apply(place.target, plan)


def test_a_changed_schema_refuses_the_plan(place: Place) -> None:
    plan = place.plan()
    place.run("ALTER TABLE products ADD COLUMN colour TEXT")
    with pytest.raises(PlanChanged, match="the schema of the database changed"):
        apply(place.target, plan)


def test_a_database_that_moved_on_refuses_the_plan(place: Place) -> None:
    plan = place.plan()
    apply(place.target, plan)
    with pytest.raises(PlanChanged, match="moved on"):
        apply(place.target, plan)


def test_what_changes_while_waiting_for_the_lock_refuses_the_plan(place: Place) -> None:
    plan = place.plan()
    with closing(sqlite3.connect(place.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        started = threading.Event()

        def finish() -> None:
            started.wait()
            time.sleep(1.5)

        waiter = threading.Thread(target=finish)
        caught: list[Exception] = []

        def run() -> None:
            started.set()
            try:
                apply(place.target, plan, lock_wait=20)
            except PlanChanged as error:
                caught.append(error)

        runner = threading.Thread(target=run)
        waiter.start()
        runner.start()
        waiter.join()
        other.execute("ALTER TABLE products ADD COLUMN colour TEXT")
        other.execute("COMMIT")
        runner.join()
    assert "the schema of the database changed" in str(caught[0])


def test_a_locked_database_is_waited_for_and_then_refused(place: Place) -> None:
    plan = place.plan()
    with closing(sqlite3.connect(place.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(TargetLocked, match=r"locked for 0\.5 seconds, so nothing was started"):
            apply(place.target, plan, lock_wait=0.5)


def test_readers_who_never_stop_do_not_leave_half_a_plan(place: Place) -> None:
    plan = place.plan()
    with closing(sqlite3.connect(place.file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM products").fetchall()
        with pytest.raises(TargetLocked, match="rolled back"):
            apply(place.target, plan, lock_wait=0.5)
    assert place.ask("SELECT version_num FROM alembic_version") == ["aaaa1"]


def test_an_env_py_that_goes_to_another_database_is_refused(place: Place, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    place.environment(
        ENVIRONMENT.replace(
            'context.config.get_main_option("sqlalchemy.url")', f'"sqlite:///{other}"'
        )
    )
    error = refused(place)
    assert isinstance(error, WrongDatabase)
    assert str(other) in error.actual
    assert not other.exists() or other.stat().st_size == 0


def test_an_exception_in_a_revision_names_it_and_changes_nothing(place: Place) -> None:
    error = refused(place, after_price("op.execute('UPDATE products SET name = 1')\n1 / 0"))
    assert isinstance(error, MigrationFailed)
    assert str(error) == "ZeroDivisionError: division by zero. Nothing was changed."
    assert error.revision == "cccc1"


def test_a_failing_statement_is_named(place: Place) -> None:
    error = refused(place, after_price("op.execute('UPDATE nowhere SET name = 1')"))
    assert isinstance(error, MigrationFailed)
    assert str(error) == "OperationalError: no such table: nowhere. Nothing was changed."
    assert (error.revision, error.statement) == ("cccc1", "UPDATE nowhere SET name = 1")


def test_sys_exit_in_a_revision_is_a_failure(place: Place) -> None:
    error = refused(place, after_price("import sys\nsys.exit(3)"))
    assert "sys.exit(3)" in str(error)


def test_an_import_that_fails_names_the_revision(place: Place) -> None:
    path = place.scripts / "versions" / "bbbb1_.py"
    path.write_text("import nothing_like_it\n" + path.read_text())
    error = refused(place)
    assert isinstance(error, MigrationFailed)
    assert error.revision == "bbbb1"
    assert "nothing_like_it" in str(error)


def test_a_broken_file_that_is_not_on_the_path_does_not_matter(place: Place) -> None:
    (place.scripts / "versions" / "zzzz1_.py").write_text("def upgrade(:\n")
    assert apply(place.target, place.plan("bbbb1")).heads == ("bbbb1",)


@pytest.mark.parametrize(
    "commit",
    [
        "op.get_bind().commit()",
        "op.execute('COMMIT')",
        "op.execute('BEGIN; DELETE FROM products; COMMIT')",  # which is no BEGIN of env.py to pass over
        "op.get_bind().connection.dbapi_connection.commit()",
        "op.get_bind().connection.dbapi_connection.executescript('SELECT 1; COMMIT')",
    ],
)
def test_a_revision_cannot_commit_half_of_the_plan(place: Place, commit: str) -> None:
    error = refused(place, after_price(f"op.execute('DELETE FROM reviews')\n{commit}"))
    assert isinstance(error, MigrationFailed)
    assert "one transaction" in str(error) or "rolled" in str(error)


@pytest.mark.parametrize("how", ["{}", "try:\n    {}\nexcept Exception:\n    pass"])
def test_a_second_connection_is_told_to_be_one(place: Place, how: str) -> None:
    begin = "op.get_bind().engine.begin().__enter__().exec_driver_sql('DELETE FROM reviews')"
    error = refused(place, after_price(how.format(begin)))
    assert str(error).startswith("The migration opened a second connection")


def test_the_body_of_a_trigger_is_no_end_of_a_transaction(place: Place) -> None:
    trigger = (
        "CREATE TRIGGER heavy AFTER UPDATE ON products WHEN new.weight > 9 BEGIN "
        "UPDATE products SET weight = 9 WHERE id = new.id; DELETE FROM reviews; END"
    )
    place.write(after_price(f"op.execute({trigger!r})"))
    assert apply(place.target, place.plan()).heads == ("cccc1",)
    assert place.ask("SELECT name FROM sqlite_master WHERE type = 'trigger'") == ["heavy"]


BLOCK = "with op.get_context().autocommit_block():\n    "


def test_an_autocommit_block_stays_inside_the_transaction_of_the_plan(place: Place) -> None:
    block = BLOCK + "op.execute('DELETE FROM reviews')"
    refused(place, after_price(f"{block}\nop.execute('UPDATE nowhere SET name = 1')"))
    place.write(after_price(block))
    assert apply(place.target, place.plan()).heads == ("cccc1",)
    assert place.ask("SELECT count(*) FROM reviews") == [0]


def test_what_sqlite_runs_in_no_transaction_says_so_by_itself(place: Place) -> None:
    error = refused(place, after_price(BLOCK + "op.execute('VACUUM')"))
    assert str(error).startswith("OperationalError: cannot VACUUM from within a transaction. ")


@pytest.mark.parametrize(
    "rollback",
    ["op.get_bind().connection.dbapi_connection.rollback()", "op.get_bind().rollback()"],
)
def test_nothing_is_done_after_a_revision_rolled_back(place: Place, rollback: str) -> None:
    error = refused(place, after_price(f"{rollback}\nop.execute('DELETE FROM reviews')"))
    assert str(error).startswith("The migration rolled the transaction back by itself")


@pytest.mark.parametrize(
    "executed", ["op.execute({})", "op.get_bind().connection.dbapi_connection.execute({})"]
)
@pytest.mark.parametrize(
    "after", ["DELETE FROM reviews", "SAVEPOINT another", "CREATE TABLE x (y)"]
)
def test_nothing_is_done_after_a_statement_ended_the_transaction(
    place: Place, executed: str, after: str
) -> None:
    conflict = executed.format('"INSERT OR ROLLBACK INTO products (id, name) VALUES (1, 0)"')
    up = f"try:\n    {conflict}\nexcept Exception:\n    pass\n{executed.format(repr(after))}"
    error = refused(place, after_price(up))
    assert "rolled the transaction back" in str(error)


def test_savepoints_and_sessions_inside_a_revision_work(place: Place) -> None:
    up = """\
from sqlalchemy.orm import Session
connection = op.get_bind()
with connection.begin_nested():
    connection.exec_driver_sql("UPDATE products SET name = 'kept'")
nested = connection.begin_nested()
connection.exec_driver_sql("DELETE FROM products")
nested.rollback()
session = Session(bind=connection)
session.execute(sa.text("UPDATE reviews SET text = 'by the session'"))
session.commit()
session.execute(sa.text("SELECT 1"))
session.close()"""
    place.write(after_price(up))
    apply(place.target, place.plan())
    assert place.ask("SELECT DISTINCT name FROM products") == ["kept"]
    assert place.ask("SELECT DISTINCT text FROM reviews") == ["by the session"]


def test_an_application_with_its_own_begin_is_as_safe(place: Place) -> None:
    place.environment(
        ENVIRONMENT.replace(
            "with engine",
            "from sqlalchemy import event\n"
            "@event.listens_for(engine, 'connect')\n"
            "def manual(connection, record):\n"
            "    connection.isolation_level = None\n"
            "@event.listens_for(engine, 'begin')\n"
            "def begin(connection):\n"
            "    connection.exec_driver_sql('BEGIN')\n"
            "with engine",
        )
    )
    apply(place.target, place.plan())
    assert place.ask("SELECT id FROM reviews") == [1, 2, 3]


def test_a_file_that_fails_when_it_is_loaded_is_named_though_it_is_no_step(place: Place) -> None:
    plan = place.plan("bbbb1")
    broken = text_of(Sample("cccc1", ("bbbb1",))) + "\nimport os\nos.environ['NOT_THERE']\n"
    (place.scripts / "versions" / "cccc1_.py").write_text(broken)
    with pytest.raises(MigrationFailed, match="KeyError: 'NOT_THERE'") as caught:
        apply(place.target, plan)
    assert caught.value.revision == "cccc1"


def test_orphans_that_the_plan_would_leave_are_refused(place: Place) -> None:
    error = refused(place, after_price("op.execute('DELETE FROM products WHERE id = 1')"))
    assert str(error).startswith(
        "The plan would leave rows of reviews that point to no row of products (2). While a plan runs on "
        "SQLite its foreign keys do nothing by themselves: delete these rows in the revision"
    )


def test_orphans_that_were_there_before_do_not_keep_a_plan_from_running(place: Place) -> None:
    place.run("PRAGMA foreign_keys = OFF; DELETE FROM products WHERE id = 2;")
    assert apply(place.target, place.plan()).heads == ("bbbb1",)


def test_changes_that_a_foreseen_loss_would_hide_are_rolled_back(place: Place) -> None:
    place.write(
        after_price(
            "op.execute('DELETE FROM reviews WHERE id = 3')\n"
            "op.execute(\"UPDATE reviews SET text = 'new' WHERE text = 'later'\")"
        )
    )
    plan = place.plan()
    expected = place.rehearse().ledger
    place.run("UPDATE reviews SET text = 'later' WHERE id = 2")
    with pytest.raises(DataLost, match=r"reviews\.text: values changed, not so in the rehearsal"):
        apply(place.target, plan, expected=expected)
    assert place.ask("SELECT count(*) FROM reviews") == [3]


def test_losses_that_the_rehearsal_did_not_have_are_rolled_back(place: Place) -> None:
    place.write(after_price("op.execute(\"DELETE FROM reviews WHERE text = 'doomed'\")"))
    rehearsal = place.rehearse()
    assert rehearsal.ledger is not None
    assert rehearsal.ledger.is_clean
    place.run("INSERT INTO reviews (product_id, text) VALUES (1, 'doomed')")
    before = place.dump()
    with pytest.raises(DataLost, match="reviews: 1 row lost, 0 in the rehearsal"):
        apply(place.target, place.plan(), expected=rehearsal.ledger)
    assert place.dump() == before


def test_what_a_migration_prints_does_not_disturb(place: Place) -> None:
    place.write(
        after_price("import os\nprint('{\"answer\": {}}' * 20000)\nos.system('echo noise')")
    )
    assert apply(place.target, place.plan()).heads == ("cccc1",)


def test_a_migration_that_reads_stdin_finds_it_empty(place: Place) -> None:
    place.write(after_price("import sys\nassert sys.stdin.read() == ''"))
    assert apply(place.target, place.plan()).heads == ("cccc1",)


def test_an_env_py_that_begins_by_itself_is_as_safe(place: Place) -> None:
    place.environment(ENVIRONMENT.replace("engine.connect()", "engine.begin()"))
    apply(place.target, place.plan())
    assert place.ask("SELECT id FROM reviews") == [1, 2, 3]


def test_an_env_py_that_never_commits_is_a_failure(place: Place) -> None:
    place.environment(ENVIRONMENT.replace("with context.begin_transaction():", "if True:"))
    assert "never committed" in str(refused(place))


def test_an_env_py_hears_what_alembic_s_commands_tell_it(place: Place) -> None:
    says = (
        "said = (context.get_revision_argument(), context.get_starting_revision_argument(),\n"
        "    context.get_tag_argument(), context.get_x_argument(as_dictionary=True),\n"
        "    context.get_head_revision(), context.get_head_revisions())\n"
        f"open({str(place.folder / 'said')!r}, 'w').write(repr(said))\n"
    )
    place.environment(ENVIRONMENT.replace("engine =", says + "engine ="))
    for goal, told in (("head", "'bbbb1'"), ("-1", "'aaaa1'"), ("base", "None")):
        apply(place.target, place.plan(goal))
        said = (place.folder / "said").read_text()
        assert said == f"({told}, None, None, {{}}, 'bbbb1', ('bbbb1',))"


def test_an_env_py_with_another_version_table_is_refused(place: Place) -> None:
    place.environment(
        ENVIRONMENT.replace("connection=connection", "connection=connection, version_table='v'")
    )
    error = refused(place)
    assert isinstance(error, Unsupported)
    assert "in the table 'v', but the target says 'alembic_version'" in str(error)
    assert "version_table and version_table_schema, in env.py and where the target is named" in str(
        error
    )
    place.target = replace(place.target, version_table="v", version_table_schema="main")
    place.run("CREATE TABLE v (version_num TEXT)")
    assert "in the table 'v', but the target says 'main.v'" in str(refused(place))


def test_a_database_that_is_not_there_yet_is_made(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS])
    assert apply(place.target, place.plan()).heads == ("aaaa1",)


def test_a_percent_sign_and_spaces_in_the_path_do_no_harm(tmp_path: Path) -> None:
    folder = tmp_path / "a 100% folder"
    folder.mkdir()
    place = Place(folder, [PRODUCTS], at="aaaa1")
    assert place.ask("SELECT count(*) FROM products") == [3]


def test_a_progress_that_raises_ends_the_run_and_rolls_back(place: Place) -> None:
    def stop(event: Event) -> None:
        if event.kind == "check":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply(place.target, place.plan(), progress=stop)
    assert place.ask("SELECT version_num FROM alembic_version") == ["aaaa1"]


def test_relative_imports_beside_the_script_folder_work(place: Place, tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("NAME = 'Stool'")
    place.write(
        after_price("import beside\nop.execute(f\"UPDATE products SET name = '{beside.NAME}'\")")
    )
    apply(place.target, place.plan())
    assert set(place.ask("SELECT name FROM products")) == {"Stool"}


def test_a_dialect_without_a_recipe_is_unsupported(place: Place) -> None:
    plan = place.plan()
    with pytest.raises(Unsupported, match="oracle"):
        apply(replace(place.target, url="oracle://localhost/shop"), plan)
