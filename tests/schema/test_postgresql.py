"""On PostgreSQL a plan is one transaction: it runs as it was approved, or not at all."""

import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from console.schema import clone
from console.schema.errors import (
    DataLost,
    MigrationFailed,
    PlanChanged,
    RunError,
    TargetLocked,
    Unsupported,
    WrongDatabase,
)
from console.schema.executor import apply
from console.schema.postgresql import PostgreSQL
from console.schema.progress import Event
from console.schema.rehearsal import remove_orphans
from console.schema.statement import compile_statements
from console.schema.target import Target
from tests.histories.place import PRICE, PRODUCTS
from tests.histories.script_folder import ENVIRONMENT, Sample
from tests.histories.served import Served
from tests.servers import MakeDatabase, engine_of

URL = 'context.config.get_main_option("sqlalchemy.url")'
POOL = "poolclass=pool.NullPool"


@pytest.fixture
def place(tmp_path: Path, postgresql: str) -> Served:
    """Three products and three reviews, one revision behind."""
    return Served(tmp_path, postgresql, [PRODUCTS, PRICE], at="aaaa1")


def after_price(up: str, down: str = "pass") -> Sample:
    """A revision upon the price that does this."""
    return Sample("cccc1", ("bbbb1",), up=up, down=down)


def refused(place: Served, *samples: Sample) -> str:
    """Write revisions, apply, and return the error, after making sure that nothing has changed."""
    place.write(*samples)
    before = place.dump()
    with pytest.raises((MigrationFailed, DataLost, WrongDatabase, Unsupported)) as caught:
        apply(place.target, place.plan())
    assert place.dump() == before
    return str(caught.value)


def clones(place: Served) -> list[str]:
    """The databases on the server that are copies made by the console."""
    return place.ask(
        "SELECT datname FROM pg_database WHERE datname LIKE 'console_clone%' "
        f"AND datname LIKE '%{place.target.key}%'"
    )


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


def test_a_step_that_fails_takes_the_whole_plan_back(place: Served) -> None:
    error = refused(place, after_price('op.add_column("products", sa.Column("price", sa.Integer))'))
    assert "DuplicateColumn" in error


@pytest.mark.parametrize(
    "up",
    [
        'op.execute("COMMIT")',
        'op.execute("-- all of it is done\\nCOMMIT")',
        'op.execute("SELECT 1; COMMIT; SELECT 2")',
        "op.get_bind().commit()",
        "op.get_bind().connection.commit()",
        'op.execute("CREATE INDEX CONCURRENTLY i ON products (name)")',
    ],
)
def test_a_plan_is_never_committed_in_the_middle(place: Served, up: str) -> None:
    assert refused(place, after_price(up))


def test_a_commit_past_every_check_is_found_and_said(place: Served) -> None:
    place.write(after_price('op.get_bind().connection.cursor().execute("COMMIT")'))
    with pytest.raises(MigrationFailed, match="committed in the middle"):
        apply(place.target, place.plan())


def test_whether_a_transaction_was_saved_is_told_by_its_number(place: Served) -> None:
    (number,) = place.ask("SELECT txid_current()")  # each statement is saved by itself
    assert PostgreSQL().was_saved(place.target, str(number))
    later = number + 1_000_000  # as after a crash of the server, which had not written it down yet
    assert not PostgreSQL().was_saved(place.target, str(later))


def test_values_lost_against_the_rehearsal_roll_everything_back(place: Served) -> None:
    rehearsal = place.rehearse()
    place.write(Sample("bbbb1", ("aaaa1",), up="op.execute('DELETE FROM products WHERE id = 3')"))
    before = place.dump()
    with pytest.raises(DataLost, match="1 row lost, 0 in the rehearsal"):
        apply(place.target, place.plan(), expected=rehearsal.ledger)
    assert place.dump() == before


def test_another_database_on_the_same_server_is_refused(
    place: Served, make_postgresql: MakeDatabase
) -> None:
    other = make_postgresql()
    place.environment(ENVIRONMENT.replace(URL, repr(other)))
    assert "env.py connected to PostgreSQL database" in refused(place)


def test_another_name_of_the_same_server_is_the_same_database(place: Served) -> None:
    other = place.url.replace("127.0.0.1", "localhost")
    place.environment(ENVIRONMENT.replace(URL, repr(other)))
    assert apply(place.target, place.plan()).heads == ("bbbb1",)


def test_autocommit_is_refused(place: Served) -> None:
    place.environment(ENVIRONMENT.replace(POOL, 'isolation_level="AUTOCOMMIT"'))
    assert "autocommit" in refused(place)


def test_a_pool_does_not_keep_the_lock(place: Served) -> None:
    place.environment(ENVIRONMENT.replace(POOL, "pool_size=2"))
    rehearsal = place.rehearse()
    assert rehearsal.succeeded
    assert rehearsal.way_back is not None
    assert rehearsal.way_back.works


def test_a_second_connection_may_read_and_not_save(place: Served) -> None:
    second = "with op.get_bind().engine.connect() as other:\n    "
    place.write(after_price(second + "other.execute(sa.text('SELECT 1'))"))
    assert place.rehearse().succeeded
    write = "other.execute(sa.text(\"INSERT INTO products (id, name) VALUES (9, 'x')\"))\n    "
    assert "second connection" in refused(place, after_price(second + write + "other.commit()"))
    write = write.replace("products (id, name) VALUES (9, 'x')", "reviews (id) VALUES (9)")
    assert "may only read" in refused(place, after_price(second + write + "other.commit()"))


def test_a_schema_that_changed_since_the_plan_is_refused(place: Served) -> None:
    plan = place.plan()
    place.run("ALTER TABLE reviews ADD stars integer")
    with pytest.raises(PlanChanged, match="schema of the database changed"):
        apply(place.target, plan)


def test_a_run_waits_for_another_and_gives_up(place: Served) -> None:
    with engine_of(place.url).connect() as other:
        other.exec_driver_sql("SELECT pg_advisory_lock(1129270867, 1330398513)")
        with pytest.raises(TargetLocked, match=r"locked for 0\.5 seconds"):
            apply(place.target, place.plan(), lock_wait=0.5)


def test_a_table_that_somebody_reads_is_waited_for_in_short_attempts(place: Served) -> None:
    events: list[Event] = []
    stalls: list[float] = []
    reader = engine_of(place.url).connect()
    reader.exec_driver_sql("BEGIN")
    reader.exec_driver_sql("SELECT * FROM products")

    def read() -> None:
        with engine_of(place.url).connect() as connection:
            while not done.is_set():
                begun = time.perf_counter()
                connection.exec_driver_sql("SELECT id FROM products")
                stalls.append(time.perf_counter() - begun)
                time.sleep(0.01)

    def watch(event: Event) -> None:
        events.append(event)
        if "trying again (attempt 3)" in event.text:
            reader.exec_driver_sql("COMMIT")

    done = threading.Event()
    thread = threading.Thread(target=read)
    thread.start()
    outcome = apply(place.target, place.plan(), progress=watch)
    done.set()
    thread.join()
    reader.close()
    assert outcome.heads == ("bbbb1",)
    assert any("trying again (attempt 3)" in event.text for event in events)
    assert max(stalls) < 1


def test_a_table_that_stays_locked_is_given_up(place: Served) -> None:
    before = place.dump()
    with engine_of(place.url).connect() as reader:
        reader.exec_driver_sql("BEGIN")
        reader.exec_driver_sql("SELECT * FROM products")
        with pytest.raises(TargetLocked, match=r"held locks .* Nothing was changed"):
            apply(place.target, place.plan(), lock_wait=1)
    assert place.dump() == before


def test_a_rehearsal_of_an_idle_database_copies_it_as_a_template(place: Served) -> None:
    before = place.dump()
    rehearsal = place.rehearse()
    assert place.dump() == before
    assert rehearsal.succeeded
    assert rehearsal.clone.startswith("PostgreSQL template copy of ")
    assert rehearsal.ledger is not None
    assert rehearsal.ledger.is_clean
    assert {(c.sign, c.kind, c.name) for c in rehearsal.difference.tables[0].changes} == {
        ("added", "column", "price"),
        ("added", "check", "ck_price"),
    }
    assert rehearsal.way_back is not None
    assert rehearsal.way_back.works
    assert not rehearsal.way_back.difference
    assert clones(place) == []


def test_a_type_that_a_downgrade_forgot_stands_in_the_way_of_the_plan_again(place: Served) -> None:
    up = """\
op.execute("CREATE TYPE size AS ENUM ('S', 'M')")
op.execute("ALTER TABLE products ADD COLUMN size size")"""
    place.write(after_price(up, 'op.drop_column("products", "size")'))
    way_back = place.rehearse().way_back
    assert way_back is not None
    assert way_back.works
    assert [table.name for table in way_back.difference.tables] == ["size"]
    assert way_back.again is not None
    assert 'type "size" already exists' in str(way_back.again.error)


def test_a_rehearsal_tells_who_waits_for_the_locks_of_each_step(place: Served) -> None:
    up = """\
op.execute("UPDATE products SET weight = 1")
op.create_index("ix_weight", "products", ["weight"])
op.create_table("sizes", sa.Column("product_id", sa.Integer, sa.ForeignKey("reviews.id")))
op.drop_column("products", "weight")"""
    place.write(after_price(up))
    first, second = place.rehearse().steps
    assert [lock.mode for lock in first.locks] == ["ACCESS EXCLUSIVE"]
    assert first.locks[0].table == "products"
    # products has been locked by the first step already, and sizes is not there for others yet
    (lock,) = second.locks
    assert 0 < lock.milliseconds < first.locks[0].milliseconds
    held = f"held {lock.milliseconds:,.0f} ms"
    assert lock.sentence == (
        f"SHARE ROW EXCLUSIVE on reviews from statement 3, {held}: writers wait"
    )


def test_a_rehearsal_of_a_database_in_use_dumps_and_restores_it(place: Served) -> None:
    place.run("ALTER TABLE products ADD CONSTRAINT n CHECK (name IN ('Lamp', 'Chair', 'Rug'))")
    with engine_of(place.url).connect() as other:
        other.exec_driver_sql("SELECT 1")
        rehearsal = place.rehearse()
    assert rehearsal.error is None
    assert rehearsal.clone.startswith("PostgreSQL dump and restore of ")
    assert rehearsal.ledger is not None
    assert rehearsal.ledger.is_clean
    assert clones(place) == []


def test_without_the_tools_a_database_in_use_cannot_be_rehearsed(
    place: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = place.plan()
    with engine_of(place.url).connect() as other:
        other.exec_driver_sql("SELECT 1")
        monkeypatch.setenv("PATH", "")
        with (
            pytest.raises(Unsupported, match="takes pg_dump"),
            clone.clone_of(place.target, place.workspace),
        ):
            pass
    assert plan
    assert clones(place) == []


def test_settings_of_the_database_are_those_of_its_clone(place: Served) -> None:
    place.run(
        'CREATE SCHEMA shop;\nALTER DATABASE "'
        + str(make_url(place.url).database)
        + '" SET search_path TO shop, public'
    )
    with (
        clone.clone_of(place.target, place.workspace) as copy,
        engine_of(copy.target.url).connect() as connection,
    ):
        assert connection.exec_driver_sql("SHOW search_path").scalar() == "shop, public"


def test_a_clone_whose_owner_died_is_removed_with_its_target(place: Served) -> None:
    folder = place.workspace / f"console-clone-{place.target.key}-left"
    folder.mkdir(parents=True)
    (folder / clone.ON_SERVER).touch()
    name = folder.name.replace("-", "_")
    place.run(f'CREATE DATABASE "{name}"')
    assert remove_orphans(place.workspace) == ()
    assert clones(place) == [name]
    assert remove_orphans(place.workspace, place.target) == (folder.name,)
    assert clones(place) == []


@pytest.fixture
def role(place: Served) -> Iterator[str]:
    """A role that may do everything, and has a name that no other test gives."""
    name = f"console_test_{secrets.token_hex(6)}"
    place.run(f"CREATE ROLE {name} LOGIN SUPERUSER")
    yield name
    place.run(f"DROP ROLE {name}")


def of_role(place: Served, role: str, setting: str) -> Target:
    """The target by a role that has this set; somebody else is in the database, so it is dumped."""
    place.run(f"ALTER ROLE {role} SET {setting}")
    url = make_url(place.url).set(username=role)
    return replace(place.target, url=url.render_as_string(hide_password=False))


def test_a_role_whose_idle_sessions_are_ended_soon_can_copy(place: Served, role: str) -> None:
    place.run(
        "CREATE FUNCTION wait() RETURNS bool LANGUAGE sql AS 'SELECT pg_sleep(1.5) IS NOT NULL';\n"
        "CREATE TABLE slow (id int CHECK (wait()));\nINSERT INTO slow VALUES (1)"
    )
    target = of_role(place, role, "idle_session_timeout = '700ms'")
    with (
        engine_of(place.url).connect(),
        clone.clone_of(target, place.workspace) as copied,
    ):
        assert "dump and restore" in copied.how


def test_a_role_that_only_reads_is_told_why_it_cannot_copy(place: Served, role: str) -> None:
    target = of_role(place, role, "default_transaction_read_only = on")
    with (
        pytest.raises(
            RunError, match=r"could not be made: .* in a read-only transaction\. Nobody may write"
        ),
        clone.clone_of(target, place.workspace),
    ):
        pass
    assert list(place.workspace.iterdir()) == []


def test_a_clone_that_the_server_keeps_is_removed_later(place: Served) -> None:
    with clone.clone_of(place.target, place.workspace):
        (name,) = clones(place)
        place.run(f"ALTER DATABASE {name} IS_TEMPLATE true")
    assert remove_orphans(place.workspace, place.target) == ()
    assert clones(place) == [name]
    place.run(f"ALTER DATABASE {name} IS_TEMPLATE false")
    assert len(remove_orphans(place.workspace, place.target)) == 1
    assert clones(place) == []


def test_a_rehearsal_says_what_a_way_down_would_lose(place: Served) -> None:
    apply(place.target, place.plan())
    place.run("UPDATE products SET price = 9.5 WHERE id < 3")
    rehearsal = place.rehearse("aaaa1")
    assert rehearsal.ledger is not None
    assert rehearsal.ledger.losses == (
        "products: 3 rows before, 3 after, column price removed, 2 values lost, "
        "every other value identical",
    )


def test_rows_that_went_and_came_are_told_apart(place: Served) -> None:
    place.write(
        after_price(
            'op.execute("DELETE FROM reviews WHERE id = 1")\n'
            "op.execute(\"INSERT INTO reviews (id, product_id, text) SELECT i, 2, 'x' FROM "
            'generate_series(10, 14) i")\n'
            "op.execute(\"UPDATE products SET name = 'Lamps' WHERE id = 1\")\n"
            'op.alter_column("products", "weight", type_=sa.BigInteger)'
        )
    )
    rehearsal = place.rehearse()
    assert rehearsal.ledger is not None
    assert [entry.sentence for entry in rehearsal.ledger.entries] == [
        "products: 3 rows before, 3 after, values changed in name",
        "reviews: 3 rows before, 7 after, 1 row lost",
    ]


def test_a_failing_rehearsal_says_where(place: Served) -> None:
    place.write(after_price('op.execute("UPDATE products SET name = NULL")'))
    rehearsal = place.rehearse()
    assert not rehearsal.succeeded
    assert rehearsal.failed_revision == "cccc1"
    assert rehearsal.failed_statement == "UPDATE products SET name = NULL"
    assert "NotNullViolation" in str(rehearsal.error)


def test_objects_that_go_are_lost(place: Served) -> None:
    place.run("CREATE VIEW names AS SELECT name FROM products")
    place.write(after_price('op.execute("DROP VIEW names")'))
    rehearsal = place.rehearse()
    assert rehearsal.ledger is not None
    assert rehearsal.ledger.losses == ("view names removed",)


def test_a_trigger_that_another_table_has_too_is_lost_all_the_same(place: Served) -> None:
    place.run(
        "".join(
            f"CREATE TRIGGER keep BEFORE UPDATE ON {table} FOR EACH ROW "
            "EXECUTE FUNCTION suppress_redundant_updates_trigger();\n"
            for table in ("products", "reviews")
        )
    )
    place.write(after_price('op.execute("DROP TRIGGER keep ON reviews")'))
    rehearsal = place.rehearse()
    assert rehearsal.ledger is not None
    assert rehearsal.ledger.losses == ("trigger keep removed",)


def test_how_a_session_writes_its_values_is_no_change_of_them(place: Served) -> None:
    place.run(
        "ALTER TABLE products ADD COLUMN a float8 DEFAULT 0.1, ADD COLUMN b date DEFAULT now(), "
        "ADD COLUMN c bytea DEFAULT '\\x01', ADD COLUMN d interval DEFAULT '1 day 2 hours', "
        "ADD COLUMN e timestamptz DEFAULT '2020-01-31 10:00Z'"
    )
    settings = (
        "extra_float_digits = -5",
        "datestyle = german",
        "bytea_output = escape",
        "intervalstyle = iso_8601",
        "timezone = 'Asia/Tokyo'",
    )
    sets = [f'op.execute("SET {each}")' for each in settings]
    place.write(after_price("\n".join(sets)))
    rehearsal = place.rehearse()
    assert rehearsal.ledger is not None
    assert rehearsal.ledger.is_clean, rehearsal.ledger.verdict
    assert apply(place.target, place.plan()).ledger.is_clean


def test_every_digit_counts_where_the_database_writes_few(place: Served) -> None:
    place.run(
        "ALTER TABLE products ADD COLUMN a float8 DEFAULT 0.1;\n"
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET extra_float_digits = -5', "
        "current_database()); END $$"
    )
    place.write(after_price('op.execute("UPDATE products SET a = 0.10000000001")'))
    rehearsal = place.rehearse()
    assert rehearsal.ledger is not None
    assert "values changed in a" in rehearsal.ledger.verdict


def test_the_version_table_may_lie_in_a_schema_that_env_py_makes(
    tmp_path: Path, postgresql: str
) -> None:
    place = Served(tmp_path, postgresql, [PRODUCTS, PRICE])
    place.environment(
        ENVIRONMENT.replace(
            "    context.configure(connection=connection)",
            '    connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS own")\n'
            "    connection.commit()\n"
            '    context.configure(connection=connection, version_table_schema="own")',
        )
    )
    place.target = replace(place.target, version_table_schema="own")
    for goal in ("aaaa1", "bbbb1", "aaaa1"):
        rehearsal = place.rehearse(goal)
        assert rehearsal.ledger is not None, rehearsal.error
        assert rehearsal.ledger.is_clean
        assert not [t.name for t in rehearsal.difference.tables if "version" in t.name]
        assert apply(place.target, place.plan(goal)).heads == (goal,)


def test_the_statements_of_a_revision_are_compiled_on_an_empty_database(place: Served) -> None:
    up = [statement.sql for statement in compile_statements(place.target, "aaaa1")]
    assert up[0].startswith("CREATE TABLE products (\n\tid SERIAL NOT NULL")
    down = [statement.sql for statement in compile_statements(place.target, "aaaa1", "down")]
    assert down[:2] == ["DROP TABLE reviews", "DROP TABLE products"]
    assert clones(place) == []


def test_a_role_that_may_not_make_databases_is_told(place: Served) -> None:
    name = place.url.rpartition("/")[2] + "_role"
    place.run(f'CREATE ROLE "{name}" LOGIN')
    try:
        place.run(f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{name}"')
        other = Served(
            place.folder / "x",
            make_url(place.url).set(username=name).render_as_string(hide_password=False),
            [PRODUCTS],
        )
        with (
            pytest.raises(RunError, match="CREATEDB"),
            clone.clone_of(other.target, place.workspace),
        ):
            pass
    finally:
        place.run(f'DROP OWNED BY "{name}";\nDROP ROLE "{name}"')


def test_where_nobody_may_write_both_a_copy_and_a_run_say_why(place: Served) -> None:
    url = f"{place.url}?options=-cdefault_transaction_read_only%3Don"
    place.target = replace(place.target, url=url)
    with (
        pytest.raises(RunError, match="Nobody may write here") as copied,
        clone.clone_of(place.target, place.workspace),
    ):
        pass
    assert "CREATEDB" not in str(copied.value)
    assert "read-only transaction. Nobody may write here" in refused(place)
    block = "with op.get_context().autocommit_block():\n    op.execute('VACUUM products')"
    assert "read-only transaction. Nobody may write here" in refused(place, after_price(block))


STATE = Sample(
    "cccc1",
    ("bbbb1",),
    up="op.execute(\"CREATE TYPE state AS ENUM ('new')\")\n"
    "op.execute('ALTER TABLE products ADD COLUMN state state')",
)
ADDS = "op.execute(\"ALTER TYPE state ADD VALUE 'sold'\")"
USES = "op.execute(\"UPDATE products SET state = 'sold'\")"


def test_a_plan_that_uses_the_value_it_adds_to_an_enum_says_how_far_to_go_first(
    place: Served,
) -> None:
    place.write(STATE)
    apply(place.target, place.plan())
    place.write(Sample("dddd1", ("cccc1",), up=ADDS), Sample("eeee1", ("dddd1",), up=USES))
    with pytest.raises(MigrationFailed, match="only when it is saved: apply up to dddd1 first"):
        apply(place.target, place.plan())
    apply(place.target, place.plan("dddd1"))
    assert apply(place.target, place.plan()).heads == ("eeee1",)


def test_a_revision_that_uses_the_value_it_adds_to_an_enum_is_told_to_be_two(
    place: Served,
) -> None:
    place.write(STATE)
    apply(place.target, place.plan())
    place.write(Sample("dddd1", ("cccc1",), up=f"{ADDS}\n{USES}"))
    with pytest.raises(MigrationFailed, match="add it in a revision of its own"):
        apply(place.target, place.plan())


TENANT = ENVIRONMENT.replace(
    "    context.configure",
    "    connection.exec_driver_sql('CREATE SCHEMA IF NOT EXISTS tenant')\n"
    "    connection.exec_driver_sql('SET search_path TO tenant')\n"
    "    connection.commit()\n"
    "    context.configure",
)


def test_an_env_py_that_sets_the_search_path_is_told_to_leave_it_to_the_url(
    tmp_path: Path, postgresql: str
) -> None:
    place = Served(tmp_path, postgresql, [PRODUCTS, PRICE])
    place.environment(TENANT)
    apply(place.target, place.plan("aaaa1"))
    with pytest.raises(Unsupported, match=r"\?options=-csearch_path=tenant") as caught:
        apply(place.target, place.plan())
    place.environment(ENVIRONMENT)
    way_out = str(caught.value).rpartition(" ")[2].rstrip(".")
    place.target = replace(place.target, url=place.url + way_out)
    assert apply(place.target, place.plan()).heads == ("bbbb1",)
    assert place.ask("SELECT version_num FROM tenant.alembic_version") == ["bbbb1"]


def test_a_search_path_that_leads_to_the_same_schemas_changes_nothing(place: Served) -> None:
    public = TENANT.replace("TO tenant", "TO public")
    place.environment(public)
    assert apply(place.target, place.plan()).heads == ("bbbb1",)
    made = "    connection.exec_driver_sql('CREATE TABLE x (y int)')\n    context.configure"
    place.environment(public.replace("    context.configure", made))
    plan = place.plan("base")
    with pytest.raises(PlanChanged, match="the schema of the database changed"):
        apply(place.target, plan)


SPELLING = (
    "SELECT key, value FROM pg_database d, jsonb_each_text(to_jsonb(d)) "
    "WHERE datname = current_database() AND key IN ('encoding', 'datcollate', 'datctype', "
    "'datlocprovider', 'daticulocale', 'datlocale') ORDER BY key"
)


@pytest.mark.parametrize(
    "spelling", ["ENCODING 'LATIN1' LOCALE 'C'", "LOCALE_PROVIDER icu ICU_LOCALE 'de' LOCALE 'C'"]
)
def test_a_copy_holds_and_sorts_text_as_its_source_does(place: Served, spelling: str) -> None:
    name = f"{make_url(place.url).database} 5% \"'x"
    quoted = '"' + name.replace('"', '""') + '"'
    place.run(f"CREATE DATABASE {quoted} TEMPLATE template0 {spelling}")
    url = make_url(place.url).set(database=name).render_as_string(hide_password=False)
    try:
        other = Served(place.folder / "x", url, [PRODUCTS], at="aaaa1")
        with engine_of(url).connect() as connection:
            ours = connection.exec_driver_sql(SPELLING).all()
            with (
                clone.clone_of(other.target, place.workspace) as copy,
                clone.scratch_of(other.target) as scratch,
            ):
                assert copy.how.startswith("PostgreSQL dump and restore")
                for target in (copy.target, scratch):
                    with engine_of(target.url).connect() as there:
                        assert there.exec_driver_sql(SPELLING).all() == ours
        with clone.clone_of(other.target, place.workspace) as copy:
            assert copy.how.startswith("PostgreSQL template copy")
    finally:
        place.run(f"DROP DATABASE {quoted} WITH (FORCE)")


def test_settings_of_our_role_in_the_database_are_those_of_its_clone(place: Served) -> None:
    name = make_url(place.url).database
    place.run(
        f'CREATE SCHEMA shop;\nALTER ROLE CURRENT_USER IN DATABASE "{name}" SET search_path TO shop'
    )
    with (
        clone.clone_of(place.target, place.workspace) as copy,
        engine_of(copy.target.url).connect() as connection,
    ):
        assert connection.exec_driver_sql("SHOW search_path").scalar() == "shop"


def test_a_database_in_use_is_copied_from_several_hosts_and_by_every_option(place: Served) -> None:
    url = make_url(place.url)
    hosts = [f"{url.host}:{url.port or 5432}"] * 2 if url.host else url.query["host"]
    query = {**url.query, "host": hosts, "target_session_attrs": "any", "connect_timeout": "9"}
    place.target = replace(
        place.target,
        url=url.set(host=None, port=None, query=query).render_as_string(hide_password=False),
    )
    with engine_of(place.url).connect():
        rehearsal = place.rehearse()
    assert rehearsal.succeeded, rehearsal.error
    assert rehearsal.clone.startswith("PostgreSQL dump and restore")


@pytest.fixture
def in_ascii(place: Served) -> Iterator[str]:
    """The URL of a database whose encoding is SQL_ASCII."""
    name = f"{make_url(place.url).database}_ascii"
    place.run(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
    yield make_url(place.url).set(database=name).render_as_string(hide_password=False)
    place.run(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_connection_that_gives_bytes_for_text_is_refused(tmp_path: Path, in_ascii: str) -> None:
    with pytest.raises(Unsupported, match=r"in SQL_ASCII.* Write \?client_encoding=utf8"):
        Served(tmp_path / "x", in_ascii, [PRODUCTS], at="aaaa1")


def test_a_database_in_sql_ascii_is_read_as_its_url_says(tmp_path: Path, in_ascii: str) -> None:
    url = f"{in_ascii}?client_encoding=utf8"
    other = Served(tmp_path / "x", url, [PRODUCTS, PRICE], at="aaaa1")
    other.run("INSERT INTO products (id, name) VALUES (9, 'Stühle')")
    rehearsal = other.rehearse()
    assert rehearsal.ledger is not None, rehearsal.error
    assert rehearsal.ledger.is_clean
    assert apply(other.target, other.plan(), expected=rehearsal.ledger).ledger.is_clean
