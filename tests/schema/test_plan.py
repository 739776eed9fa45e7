"""A plan names its steps in order, and its digest covers everything that decides what they do."""

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
from alembic import command
from alembic.config import Config

from console.schema.errors import (
    BrokenRevision,
    MultipleHeads,
    NothingToDo,
    UnknownDatabaseRevision,
    UnknownRevision,
    Unsupported,
)
from console.schema.history import read_history
from console.schema.plan import make_plan
from tests.histories.script_folder import Sample, line, target_of, write_folder

SHOP = [
    Sample(
        "aaaa",
        up="op.create_table('shop', sa.Column('id', sa.Integer, primary_key=True))",
        down="op.drop_table('shop')",
    ),
    Sample(
        "bbbb",
        ("aaaa",),
        up="op.add_column('shop', sa.Column('name', sa.String(9)))",
        down="op.drop_column('shop', 'name')",
        message="Name shops",
    ),
]


@pytest.fixture
def target(tmp_path):
    return target_of(write_folder(tmp_path / "migrations", SHOP))


def run_sql(target, *statements):
    connection = sqlite3.connect(target.parsed_url.database)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def configuration(target):
    config = Config()
    config.set_main_option("script_location", str(target.script_location))
    config.set_main_option("sqlalchemy.url", target.url)
    return config


def changed(target, before):
    return make_plan(target, before.goal).changes_since(before)


def test_a_folder_that_is_not_there_is_named_before_anything_runs(tmp_path):
    folder = write_folder(tmp_path / "migrations", line("aaaa"))
    target = target_of(folder, url=f"sqlite:///{tmp_path}/unmounted/shop.db")
    with pytest.raises(Unsupported, match=r"there is no folder .*unmounted"):
        make_plan(target, "head")


def test_a_folder_in_the_place_of_the_database_is_named_before_anything_runs(tmp_path):
    folder = write_folder(tmp_path / "migrations", line("aaaa"))
    (tmp_path / "shop.db").mkdir()  # as a container does that mounts a file which is not there yet
    target = target_of(folder, url=f"sqlite:///{tmp_path}/shop.db")
    with pytest.raises(Unsupported, match=r"shop\.db, which is a folder"):
        make_plan(target, "head")


def test_a_plan_names_its_steps_in_order(target):
    plan = make_plan(target, "head")
    assert [step.revision for step in plan.steps] == ["aaaa", "bbbb"]
    assert (plan.direction, plan.start, plan.end) == ("up", (), ("bbbb",))
    assert plan.steps[1].message == "Name shops"
    assert plan.steps[1].parents == ("aaaa",)
    assert plan.steps[1].path == "migrations/versions/bbbb_.py"
    assert (plan.target, plan.identity, plan.goal) == ("default", target.identity, "head")


def test_planning_creates_no_database(target, tmp_path):
    make_plan(target, "head")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["migrations"]


def test_planning_leaves_the_database_as_it_was(target, tmp_path):
    command.upgrade(configuration(target), "aaaa")
    before = (tmp_path / "database.db").read_bytes()
    make_plan(target, "head")
    assert (tmp_path / "database.db").read_bytes() == before


def test_the_plan_ends_where_alembic_ends(target):
    plan = make_plan(target, "head")
    command.upgrade(configuration(target), "head")
    down = make_plan(target, "aaaa")
    assert down.start == plan.end
    assert down.direction == "down"
    command.downgrade(configuration(target), "aaaa")
    assert make_plan(target, "head").start == down.end


def test_across_a_merge_the_plan_ends_where_alembic_ends(tmp_path):
    samples = [
        Sample("aaaa"),
        Sample("b1b1", ("aaaa",)),
        Sample("c1c1", ("aaaa",), depends_on=("b1b1",)),
        Sample("dddd", ("b1b1", "c1c1")),
    ]
    target = target_of(write_folder(tmp_path / "migrations", samples))
    config = configuration(target)
    for goal in ("c1c1", "dddd", "b1b1", "heads", "c1c1", "aaaa", "base"):
        plan = make_plan(target, goal)
        getattr(command, "upgrade" if plan.direction == "up" else "downgrade")(config, goal)
        with closing(sqlite3.connect(tmp_path / "database.db")) as connection:
            heads = connection.execute("select * from alembic_version").fetchall()
        assert tuple(sorted(head for (head,) in heads)) == plan.end, goal


def test_the_same_plan_has_the_same_digest(target):
    assert make_plan(target, "head") == make_plan(target, "head")
    assert make_plan(target, "bbbb").digest == make_plan(target, "head").digest


def test_a_moved_copy_of_the_script_folder_has_the_same_digest(target, tmp_path):
    write_folder(tmp_path / "elsewhere" / "migrations", SHOP)
    folder = tmp_path / "elsewhere" / "migrations"
    moved = replace(target, script_location=folder, version_locations=(folder / "versions",))
    assert make_plan(moved, "head").digest == make_plan(target, "head").digest


def test_one_byte_of_a_file_on_the_path_changes_the_digest(target):
    before = make_plan(target, "head")
    path = target.version_locations[0] / "bbbb_.py"
    path.write_bytes(path.read_bytes() + b"\n")
    assert changed(target, before) == ("migrations/versions/bbbb_.py changed",)


def test_one_byte_is_seen_with_a_history_that_was_read_before(target):
    history = read_history(target)
    before = make_plan(target, "head", history)
    path = target.version_locations[0] / "bbbb_.py"
    path.write_bytes(path.read_bytes() + b"\n")
    after = make_plan(target, "head", history)
    assert after.digest != before.digest
    assert after.steps[1].sha256 != before.steps[1].sha256


def test_a_file_off_the_path_changes_nothing(target):
    before = make_plan(target, "aaaa")
    path = target.version_locations[0] / "bbbb_.py"
    path.write_bytes(path.read_bytes() + b"\n")
    assert make_plan(target, "aaaa").digest == before.digest


def test_another_order_of_revisions_changes_the_digest(target):
    before = make_plan(target, "head")
    write_folder(target.script_location, [Sample("cccc", ("bbbb",))])
    after = make_plan(target, "head")
    assert after.changes_since(before) == (
        "the order of revisions changed",
        "migrations/versions/cccc_.py is new",
    )


def test_env_py_and_what_it_imports_change_the_digest(target):
    environment = target.script_location / "env.py"
    (target.script_location / "helpers.py").write_text("import deeper\n")
    (target.script_location / "deeper.py").write_text("x = 1\n")
    environment.write_text("import helpers\n" + environment.read_text())
    before = make_plan(target, "head")
    assert "migrations/deeper.py" in {i.name for i in before.ingredients}
    (target.script_location / "deeper.py").write_text("x = 2\n")
    assert changed(target, before) == ("migrations/deeper.py changed",)
    environment.write_text(environment.read_text() + "\n")
    assert "migrations/env.py changed" in changed(target, before)


def test_another_schema_changes_the_digest(target):
    command.upgrade(configuration(target), "aaaa")
    before = make_plan(target, "head")
    run_sql(target, "CREATE INDEX by_id ON shop (id)")
    assert changed(target, before) == ("the schema of the database changed",)


def test_rows_do_not_change_the_digest(target):
    command.upgrade(configuration(target), "aaaa")
    before = make_plan(target, "head")
    run_sql(target, "INSERT INTO shop VALUES (1)")
    assert make_plan(target, "head").digest == before.digest


def test_another_database_changes_the_digest(target, tmp_path):
    before = make_plan(target, "head")
    other = replace(target, url=f"sqlite:///{tmp_path / 'other.db'}")
    assert make_plan(other, "head").changes_since(before) == ("the database changed",)


def test_where_the_database_stands_changes_the_digest(target):
    before = make_plan(target, "head")
    command.stamp(configuration(target), "aaaa")
    assert "where the database stands changed" in changed(target, before)


def test_there_is_nothing_to_do_at_the_goal(target):
    command.upgrade(configuration(target), "head")
    for goal in ("head", "bbbb", "heads", "bbb"):
        with pytest.raises(NothingToDo, match="stands at bbbb"):
            make_plan(target, goal)


def test_base_of_nothing_is_nothing_to_do(target):
    with pytest.raises(NothingToDo):
        make_plan(target, "base")


def test_a_database_at_an_unknown_revision_is_refused(target):
    command.upgrade(configuration(target), "head")
    (target.version_locations[0] / "bbbb_.py").unlink()
    with pytest.raises(UnknownDatabaseRevision, match="bbbb"):
        make_plan(target, "aaaa")


def test_two_heads_are_refused_for_head(tmp_path):
    samples = [Sample("aaaa"), Sample("bbbb", ("aaaa",)), Sample("cccc", ("aaaa",))]
    target = target_of(write_folder(tmp_path / "migrations", samples))
    with pytest.raises(MultipleHeads):
        make_plan(target, "head")
    assert len(make_plan(target, "heads").steps) == 3


def test_a_broken_file_on_the_path_is_refused_with_its_reason(target):
    (target.version_locations[0] / "bbbb_.py").write_text("def upgrade(:\n")
    with pytest.raises(BrokenRevision, match="not valid Python"):
        make_plan(target, "head")


def test_an_unknown_goal_is_refused(target):
    with pytest.raises(UnknownRevision):
        make_plan(target, "nowhere")


def test_a_revision_file_that_vanishes_is_refused(target):
    history = read_history(target)
    (target.version_locations[0] / "bbbb_.py").unlink()
    with pytest.raises(UnknownRevision):
        make_plan(target, "bbbb", history)


def test_a_long_line_is_planned_whole(tmp_path):
    ids = [f"r{number:03}" for number in range(60)]
    target = target_of(write_folder(tmp_path / "migrations", line(*ids)))
    assert [step.revision for step in make_plan(target, "head").steps] == ids
