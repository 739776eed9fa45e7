"""Files are judged by what they say, with or without a database, and on a clone by what they do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from console.schema.errors import UnknownRevision
from console.services.lint import LintReport, lint
from tests.histories.place import PRICE, PRODUCTS, Place
from tests.histories.script_folder import Sample

DROP = Sample(
    "cccc1",
    ("aaaa1",),
    up="op.create_table('labels', sa.Column('id', sa.Integer))\n"
    "with op.batch_alter_table('products') as batch:\n"
    "    batch.drop_column('weight')\n"
    "op.drop_table('labels')",
    down="raise NotImplementedError",
)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Three products, and a revision pending that drops their weight."""
    place = Place(tmp_path, [PRODUCTS], at="aaaa1")
    place.write(DROP)
    return place


def found(report: LintReport) -> list[tuple[str, str, int]]:
    """(code, subject, line) of every finding."""
    return [(f.hazard.code, f.hazard.subject, f.line) for f in report.findings]


def test_what_is_pending_is_judged_by_its_file_and_the_rows_in_danger(place: Place) -> None:
    report = lint(place.target)
    assert report.revisions == ("cccc1",)
    assert ("drop-column", "products.weight", 11) in found(report)
    (drop,) = (f for f in report.findings if f.hazard.code == "drop-column")
    assert drop.hazard.danger == "The column weight of products is dropped: 2 values lost."
    assert drop.path == place.scripts / "versions" / "cccc1_.py"
    assert (
        drop.path.read_text().splitlines()[drop.line - 1] == "        batch.drop_column('weight')"
    )
    assert report.fails("error")


def test_each_finding_has_the_line_that_it_is_about(place: Place) -> None:
    place.write(
        Sample(
            "cccc1",
            ("aaaa1",),
            up="op.add_column('products', sa.Column('sku', sa.Text))\n"
            "op.execute('UPDATE products SET sku = name')\n"
            "from shop.models import Product\n"
            "op.drop_table('reviews')",
        )
    )
    assert {(code, line) for code, _, line in found(lint(place.target))} == {
        ("dml-without-where", 10),
        ("ddl-with-backfill", 10),
        ("imports-live-models", 11),
        ("drop-table", 12),
        ("empty-downgrade", 13),
    }


def test_a_table_that_the_plan_makes_is_in_no_danger(place: Place) -> None:
    assert "drop-table" not in [code for code, _, _ in found(lint(place.target))]


def test_the_database_is_left_as_it_was(place: Place) -> None:
    before = place.dump()
    lint(place.target)
    assert place.dump() == before


def test_without_a_database_the_files_are_judged_all_the_same(place: Place) -> None:
    place.file.unlink()
    report = lint(place.target, since="aaaa1")
    (drop,) = (f for f in report.findings if f.hazard.code == "drop-column")
    assert drop.hazard.danger == "The column weight of products is dropped: its values are lost."
    assert not place.file.exists()


def test_a_server_that_cannot_be_reached_does_not_keep_files_from_being_judged(
    place: Place,
) -> None:
    url = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
    place.write(replace(DROP, up="op.create_index('ix', 'products', ['name'])"))
    report = lint(replace(place.target, url=url), since="aaaa1")
    assert ("index-not-concurrent", "products.ix", 9) in found(report)


def test_named_revisions_are_judged_wherever_the_database_stands(place: Place) -> None:
    assert lint(place.target, revisions=["aaaa"]).revisions == ("aaaa1",)
    assert lint(place.target, since="base").revisions == ("aaaa1", "cccc1")
    assert lint(place.target, since="cccc1").revisions == ()
    with pytest.raises(UnknownRevision):
        lint(place.target, revisions=["ffff"])


def test_nothing_pending_is_nothing_to_judge(tmp_path: Path) -> None:
    report = lint(Place(tmp_path, [PRODUCTS], at="aaaa1").target)
    assert (report.revisions, report.findings) == ((), ())
    assert not report.fails("warning")


def test_a_rehearsal_shows_what_no_file_says(place: Place) -> None:
    place.run("CREATE TRIGGER tidy AFTER INSERT ON products BEGIN SELECT 1; END;")
    assert "batch-object-loss" not in [code for code, _, _ in found(lint(place.target))]
    report = lint(place.target, workspace=place.workspace)
    assert report.is_rehearsed
    assert ("batch-object-loss", "products.tidy") in [pair[:2] for pair in found(report)]


def test_a_harmless_revision_fails_nobody(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS, PRICE], at="aaaa1")
    place.run("DROP TABLE reviews;")
    assert not lint(place.target).fails("warning")
    assert not lint(place.target, workspace=place.workspace).fails("warning")


def test_what_a_file_accepts_does_not_fail(place: Place) -> None:
    why = "# console: accept drop-column because nobody weighs them\n"
    place.write(replace(DROP, up=why + DROP.up))
    report = lint(place.target)
    assert "drop-column" in [code for code, _, _ in found(report)]
    assert not report.fails("error")


def test_warnings_fail_where_they_are_to(place: Place) -> None:
    place.write(Sample("cccc1", ("aaaa1",), up="op.execute('SELECT 1')"))
    report = lint(place.target)
    assert [code for code, _, _ in found(report)] == ["empty-downgrade"]
    assert report.fails("warning")
    assert not report.fails("error")


def test_the_line_of_a_name_is_that_of_its_use(place: Place) -> None:
    path = place.scripts / "versions" / "cccc1_.py"
    path.write_text(f"import time\n{path.read_text()}    time.time()\n")
    wanted = len(path.read_text().splitlines())
    assert ("depends-on-environment", "time.time", wanted) in found(lint(place.target))
