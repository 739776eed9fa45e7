"""What of a MariaDB or MySQL database is written down as SQL works on its copy, and there only."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from console.schema.clone import clone_of
from console.schema.errors import Unsupported
from tests.histories.place import PRODUCTS
from tests.histories.script_folder import Sample
from tests.histories.served import Served
from tests.servers import MakeDatabase, engine_of

SAVES = Sample("bbbb1", ("aaaa1",), up='op.execute("UPDATE products SET weight = 1 WHERE id < 3")')
LOG = "SELECT id, text FROM log ORDER BY id"
NOBODY = "DEFINER = 'nobody'@'nowhere'"


@pytest.fixture
def place(tmp_path: Path, either: str) -> Served:
    """Three products, and a revision that weighs two of them."""
    place = Served(tmp_path, either, [PRODUCTS, SAVES], at="aaaa1")
    place.run("CREATE TABLE log (id int AUTO_INCREMENT PRIMARY KEY, text text)")
    return place


def name_of(place: Served) -> str:
    return str(make_url(place.url).database)


def test_a_trigger_that_names_its_database_fires_on_the_copy(place: Served) -> None:
    name = name_of(place)
    before = "CREATE TRIGGER {0} AFTER UPDATE ON products FOR EACH ROW "
    place.run(
        before.format("one") + "INSERT INTO log (text) VALUES ('one of 5%');\n"
        + before.format("two") + f"INSERT INTO {name}.log (text) VALUES ('two of {name}.log');\n"
        f"CREATE PROCEDURE tidy() DELETE FROM `{name}`.log"
    )  # fmt: skip
    dump = place.dump()
    rehearsal = place.rehearse()
    assert rehearsal.ledger is not None, rehearsal.error
    sentences = [entry.sentence for entry in rehearsal.ledger.entries]
    assert "log: 0 rows before, 4 after" in sentences
    assert place.dump() == dump
    with (
        clone_of(place.target, place.workspace) as clone,
        engine_of(clone.target.url).connect() as connection,
    ):
        connection.exec_driver_sql("UPDATE products SET weight = 2 WHERE id = 1")
        assert [row[1] for row in connection.exec_driver_sql(LOG)] == [
            "one of 5%",
            f"two of {name}.log",
        ]
        connection.exec_driver_sql("CALL tidy()")
        assert connection.exec_driver_sql(LOG).all() == []
    assert place.dump() == dump


def test_a_trigger_that_changes_a_further_database_is_told(
    place: Served, make_either: MakeDatabase
) -> None:
    other = str(make_url(make_either()).database)
    place.run(
        "CREATE TRIGGER audit AFTER UPDATE ON products FOR EACH ROW "
        f"INSERT INTO {other}.log VALUES (NEW.id)"
    )
    with pytest.raises(Unsupported, match=f"trigger audit changes the database '{other}'"):
        place.rehearse()
    assert place.ask(f"SHOW DATABASES LIKE 'console_clone_{place.target.key}%'") == []


def test_views_that_need_each_other_are_copied(place: Served) -> None:
    place.run(
        "CREATE VIEW z AS SELECT id, name FROM products;\n"
        "CREATE VIEW b AS SELECT z.id, reviews.text FROM z JOIN reviews ON z.id = product_id;\n"
        "CREATE VIEW a AS SELECT text FROM b WHERE text LIKE '%m'"
    )
    with (
        clone_of(place.target, place.workspace) as clone,
        engine_of(clone.target.url).connect() as connection,
    ):
        assert connection.exec_driver_sql("SELECT * FROM a").scalars().all() == ["warm"]
    assert place.rehearse().succeeded


def test_what_belongs_to_somebody_who_is_gone_comes_along(place: Served) -> None:
    place.run(
        f"CREATE {NOBODY} VIEW theirs AS SELECT id FROM products;\n"
        f"CREATE {NOBODY} FUNCTION one() RETURNS int DETERMINISTIC RETURN 1;\n"
        f"CREATE {NOBODY} TRIGGER noted BEFORE UPDATE ON reviews FOR EACH ROW SET NEW.text = 'x'"
    )
    rehearsal = place.rehearse()
    assert rehearsal.succeeded, rehearsal.error
    assert "left out" not in rehearsal.clone


def test_a_view_that_the_database_cannot_read_is_left_out_and_named(place: Served) -> None:
    place.run(
        "CREATE TABLE gone (id int);\nCREATE VIEW stale AS SELECT id FROM gone;\nDROP TABLE gone"
    )
    rehearsal = place.rehearse()
    assert rehearsal.succeeded, rehearsal.error
    assert rehearsal.clone.endswith("; stale left out, which cannot be read")


def test_a_user_who_may_not_act_for_others_copies_what_is_theirs(place: Served) -> None:
    place.run(
        "CREATE VIEW theirs AS SELECT id FROM products;\n"
        "CREATE FUNCTION one() RETURNS int DETERMINISTIC RETURN 1;\n"
        "CREATE TRIGGER noted BEFORE UPDATE ON products FOR EACH ROW SET NEW.name = 'x'"
    )
    user = name_of(place)[-24:]
    place.run(
        f"CREATE USER '{user}'@'%';\n"
        f"GRANT ALL ON `{name_of(place)}`.* TO '{user}'@'%';\n"
        f"GRANT ALL ON `console\\_clone\\_%`.* TO '{user}'@'%'"
    )
    try:
        url = make_url(place.url).set(username=user).render_as_string(hide_password=False)
        place.target = replace(place.target, url=url)
        rehearsal = place.rehearse()
        assert rehearsal.succeeded, rehearsal.error
        assert rehearsal.ledger is not None
        assert "products: 3 rows before, 3 after, values changed in name, weight" in [
            entry.sentence for entry in rehearsal.ledger.entries
        ]
    finally:
        place.run(f"DROP USER '{user}'@'%'")


def test_a_column_that_counts_by_a_sequence_counts_on_the_copy(
    tmp_path: Path, mariadb: str
) -> None:
    up = "op.execute(\"INSERT INTO numbered (text) VALUES ('new')\")"
    place = Served(tmp_path, mariadb, [PRODUCTS, Sample("bbbb1", ("aaaa1",), up=up)], at="aaaa1")
    place.run(
        "CREATE SEQUENCE numbers NOCACHE;\n"
        "CREATE TABLE numbered (id int DEFAULT nextval(numbers), text text);\n"
        "INSERT INTO numbered (text) VALUES ('old')"
    )
    rehearsal = place.rehearse()
    assert rehearsal.succeeded, rehearsal.error
    assert place.ask("SELECT nextval(numbers)") == [2]
