"""Revision files are read by their syntax tree; what is computed is marked, not guessed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.schema.syntax import read_revision

PATH = Path("/versions/abcd_add_price.py")


def read(text, path=PATH):
    return read_revision(path, text.encode())


def codes(revision):
    return [problem.code for problem in revision.problems]


def test_alembics_own_template_is_read():
    revision = read(
        '"""Add price to products\n\nRevision ID: abcd\nRevises: aaaa\n'
        'Create Date: 2026-11-21 15:30:00.000001+00:00\n\n"""\n'
        "from typing import Sequence, Union\n"
        'revision: str = "abcd"\n'
        'down_revision: Union[str, Sequence[str], None] = "aaaa"\n'
        "branch_labels: Union[str, Sequence[str], None] = None\n"
        "depends_on: Union[str, Sequence[str], None] = None\n"
        "def upgrade() -> None:\n    pass\n"
        "def downgrade() -> None:\n    raise NotImplementedError\n"
    )
    assert revision.id == "abcd"
    assert revision.parents == ("aaaa",)
    assert revision.message == "Add price to products"
    assert revision.created_at == datetime(2026, 11, 21, 15, 30, 0, 1, tzinfo=UTC)
    assert not revision.is_downgrade_empty
    assert revision.problems == ()
    assert len(revision.sha256) == 64


def test_a_merge_has_several_parents():
    revision = read(
        "revision = 'm'\ndown_revision = ('a', 'b')\ndepends_on = ['c']\nbranch_labels = {'x'}"
    )
    assert revision.parents == ("a", "b")
    assert revision.is_merge
    assert (revision.depends_on, revision.labels) == (("c",), ("x",))


@pytest.mark.parametrize(
    "text",
    [
        "PREVIOUS = 'a'\nrevision = 'b'\ndown_revision = PREVIOUS",
        "revision, down_revision = 'b', 'a'",
        "revision = 'b'\ndown_revision = 'z'\ndown_revision = 'a'",
        "a = revision = 'b'\ndown_revision = ('a',)",
    ],
)
def test_text_that_is_only_written_otherwise_is_read(text):
    revision = read(text)
    assert (revision.id, revision.parents, revision.problems) == ("b", ("a",), ())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("revision = make_id()", "computed-revision"),
        ("from x import revision", "computed-revision"),
        ("revision = 'a' + 'b'", "computed-revision"),
        ("revision = f'a{1}'", "computed-revision"),
        ("revision = 5", "computed-revision"),
        ("if True:\n    revision = 'b'", "computed-revision"),
        ("revision = 'b'\ndown_revision = previous()", "computed-down-revision"),
        ("revision = 'b'\nfor down_revision in 'ab': pass", "computed-down-revision"),
        ("revision = 'b'\ndown_revision = ('a', other)", "computed-down-revision"),
        ("revision = 'b'\ndown_revision, x = pair", "computed-down-revision"),
        (
            "revision = 'b'\ntry:\n    down_revision = 'a'\nexcept OSError:\n    pass",
            "computed-down-revision",
        ),
        ("revision = 'b'\ndown_revision = down_revision", "computed-down-revision"),
        ("revision = 'b'\ndepends_on = [x for x in 'a']", "computed-depends-on"),
    ],
)
def test_what_is_computed_is_marked_and_not_guessed(text, code):
    revision = read(text)
    assert codes(revision) == [code]
    assert revision.is_broken


def test_a_computed_label_is_marked_but_the_revision_can_be_used():
    revision = read("import cli\nrevision = 'b'\nbranch_labels = (cli.EXPAND,)")
    assert codes(revision) == ["computed-branch-labels"]
    assert not revision.is_broken


def test_a_syntax_error_is_marked_with_its_line_and_the_id_comes_from_the_name():
    revision = read("revision = 'b'\ndef upgrade(:\n")
    assert codes(revision) == ["syntax-error"]
    assert revision.problems[0].line == 2
    assert revision.id == "abcd"
    assert revision.is_broken


@pytest.mark.parametrize("data", [b"\x00", b"\xff\xfe\xfd", b"# coding: nonsense\n", b"(" * 5000])
def test_bytes_that_are_no_python_are_marked(data):
    assert codes(read_revision(PATH, data)) == ["syntax-error"]


def test_a_file_without_an_id_is_marked():
    revision = read("def helper(): pass")
    assert codes(revision) == ["no-revision-id"]
    assert revision.is_broken


def test_a_file_without_an_id_but_named_by_one_is_what_alembic_takes_it_for():
    revision = read("down_revision = None", Path("/versions/0a1b2c.py"))
    assert (revision.id, revision.problems) == ("0a1b2c", ())


def test_an_id_that_alembic_refuses_is_marked():
    assert codes(read("revision = 'a-b'")) == ["illegal-revision-id"]
    assert codes(read("revision = 'base'")) == ["illegal-revision-id"]


@pytest.mark.parametrize(
    ("body", "is_empty"),
    [
        ("pass", True),
        ("'''nothing'''", True),
        ("...", True),
        ("return None", True),
        ("raise NotImplementedError", False),
        ("op.drop_table('x')", False),
    ],
)
def test_a_downgrade_that_does_nothing_is_told_from_one_that_raises(body, is_empty):
    assert read(f"revision = 'b'\ndef downgrade():\n    {body}").is_downgrade_empty is is_empty


def test_a_file_without_a_downgrade_does_not_promise_one():
    assert not read("revision = 'b'").is_downgrade_empty


def test_a_date_that_is_none_is_left_out():
    assert read('"""x\n\nCreate Date: yesterday\n"""\nrevision = "b"').created_at is None


def test_nothing_in_the_file_is_run(tmp_path):
    path = tmp_path / "abcd_.py"
    path.write_text(f"revision = 'abcd'\nopen({str(tmp_path / 'ran')!r}, 'w')")
    assert read_revision(path, path.read_bytes()).id == "abcd"
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(("body", "is_empty"), [("pass", True), ("op.drop_table('x')", False)])
def test_in_the_layout_for_several_databases_each_downgrade_counts(body, is_empty):
    text = (
        "revision = 'b'\ndef downgrade(name):\n    globals()['downgrade_%s' % name]()\n"
        f"def downgrade_one():\n    pass\ndef downgrade_two():\n    {body}\n"
    )
    assert read(text).is_downgrade_empty is is_empty


BLOCK = "with op.get_context().autocommit_block():\n        pass"


@pytest.mark.parametrize(
    ("body", "splits"),
    [
        (f"def upgrade():\n    {BLOCK}\ndef downgrade():\n    pass", ("up",)),
        (f"def upgrade():\n    pass\ndef downgrade():\n    {BLOCK}", ("down",)),
        (f"def upgrade():\n    {BLOCK}\ndef downgrade():\n    {BLOCK}", ("up", "down")),
        (f"def upgrade(name):\n    globals()[name]()\ndef upgrade_shop():\n    {BLOCK}", ("up",)),
        (f"def alone():\n    {BLOCK}\ndef upgrade():\n    alone()", ("up", "down")),
        ("def upgrade():\n    getattr(op.get_context(), 'autocommit_block')()", ("up",)),
        ("# no autocommit_block()\ndef upgrade():\n    op.execute('SELECT 1')", ()),
    ],
)
def test_the_function_that_leaves_its_transaction_is_told(body, splits):
    assert read(f"revision = 'b'\n{body}").splits == splits
