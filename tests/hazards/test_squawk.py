"""What squawk knows is told once, in our words for why, and its absence is told too."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from console.hazards import squawk, squawk_program
from console.hazards.judge import judge
from console.hazards.registry import RULES
from console.hazards.remark import Remarks
from console.hazards.squawk_program import Squawk, Unusable, find_program, read_answer
from console.schema.history import read_history
from console.schema.statement import Statement
from console.schema.target import Target
from console.services.lint import lint
from tests.hazards.judging import codes, only
from tests.hazards.shop import shop
from tests.histories.place import Place
from tests.histories.script_folder import Sample

TARGET = Target("default", "postgresql+psycopg://nobody@127.0.0.1:1/none", Path(), ())
PARSING = {"syntax-error", "unused-ignore"}  # which are no rules that can be switched off
# A statement that each rule of squawk's is about, and the same done as it advises.
SQL = {
    "ban-alter-domain-with-add-constraint": (
        "ALTER DOMAIN d ADD CONSTRAINT k CHECK (VALUE <> '')",
        "ALTER DOMAIN d DROP CONSTRAINT k",
    ),
    "ban-alter-identity": (
        "ALTER TABLE t ALTER COLUMN a DROP IDENTITY",
        "ALTER TABLE t ALTER COLUMN a SET STATISTICS 9",
    ),
    "ban-alter-row-level-security": (
        "ALTER TABLE t DISABLE ROW LEVEL SECURITY",
        "CREATE TABLE t (a TEXT)",
    ),
    "ban-char-field": ("CREATE TABLE t (c CHAR(3))", "CREATE TABLE t (c TEXT)"),
    "ban-create-domain-with-constraint": (
        "CREATE DOMAIN d AS TEXT CHECK (VALUE <> '')",
        "CREATE DOMAIN d AS TEXT",
    ),
    "ban-drop-constraint": ("ALTER TABLE t DROP CONSTRAINT c", "ALTER TABLE t DROP COLUMN c"),
    "ban-drop-database": ("DROP DATABASE shop", "DROP TABLE shop"),
    "ban-drop-default": (
        "ALTER TABLE t ALTER COLUMN a DROP DEFAULT",
        "ALTER TABLE t ALTER COLUMN a SET DEFAULT 1",
    ),
    "ban-drop-domain": ("DROP DOMAIN d", "CREATE DOMAIN d AS TEXT"),
    "ban-drop-extension": ("DROP EXTENSION e", "CREATE EXTENSION e"),
    "ban-drop-function": ("DROP FUNCTION f()", "ALTER FUNCTION f() OWNER TO u"),
    "ban-drop-generated-expression": (
        "ALTER TABLE t ALTER COLUMN a DROP EXPRESSION",
        "ALTER TABLE t ALTER COLUMN a SET STATISTICS 9",
    ),
    "ban-drop-policy": ("DROP POLICY p ON t", "CREATE POLICY p ON t"),
    "ban-drop-schema": ("DROP SCHEMA s CASCADE", "CREATE SCHEMA s"),
    "ban-drop-sequence": ("DROP SEQUENCE s", "CREATE SEQUENCE s"),
    "ban-drop-type": ("DROP TYPE y", "CREATE TYPE y AS ENUM ('a')"),
    "ban-drop-view": ("DROP VIEW v", "CREATE VIEW v AS SELECT 1"),
    "ban-duplicate-column-assignments": (
        "CREATE TABLE t (a TEXT, a TEXT)",
        "CREATE TABLE t (a TEXT, b TEXT)",
    ),
    "ban-revoke": ("REVOKE SELECT ON t FROM u", "GRANT SELECT ON t TO u"),
    "ban-set-schema": ("ALTER TABLE t SET SCHEMA s", "ALTER TABLE t SET (fillfactor = 90)"),
    "ban-truncate-cascade": ("TRUNCATE t CASCADE", "TRUNCATE t"),
    "prefer-bigint-over-int": ("CREATE TABLE t (n INTEGER)", "CREATE TABLE t (n BIGINT)"),
    "prefer-bigint-over-smallint": ("CREATE TABLE t (n SMALLINT)", "CREATE TABLE t (n BIGINT)"),
    "prefer-identity": (
        "CREATE TABLE t (n BIGSERIAL)",
        "CREATE TABLE t (n BIGINT GENERATED ALWAYS AS IDENTITY)",
    ),
    "prefer-text-field": ("CREATE TABLE t (s VARCHAR(9))", "CREATE TABLE t (s TEXT)"),
    "prefer-timestamp-tz": (
        "CREATE TABLE t (a TIMESTAMP)",
        "CREATE TABLE t (a TIMESTAMP WITH TIME ZONE)",
    ),
    "renaming-object": ("ALTER INDEX i RENAME TO j", "ALTER INDEX i SET (fillfactor = 90)"),
}


def said(*sql: str) -> list[str]:
    """The names of what squawk says about this."""
    remarks = Squawk(TARGET)(tuple(Statement("aaaa1", text, 0.0) for text in sql))
    assert remarks.problem == ""
    return [remark.rule for remark in remarks.found]


def test_its_wheel_is_installed_with_ours() -> None:
    assert find_program() is not None


@pytest.mark.parametrize("name", sorted(squawk.THEIRS))
def test_each_of_its_rules_speaks_of_what_is_unsafe_and_is_silent_otherwise(name: str) -> None:
    unsafe, safe = SQL[name]
    assert name in said(unsafe)
    assert name not in said(safe)


def test_every_name_of_a_rule_is_one_that_it_knows() -> None:
    names = {*squawk.OURS, *squawk.THEIRS, *squawk.CARED_FOR, *squawk.ASKED_FOR}
    program = find_program() or ""
    answer = subprocess.run(
        [program, "--exclude", ",".join(sorted(names - PARSING)), "--stdin-filepath", "plan.sql"],
        input=b"",
        capture_output=True,
        check=False,
    )
    assert b"invalid" not in answer.stderr


def test_it_has_no_rule_that_speaks_unasked_and_is_unknown_here() -> None:
    sql = [text for pair in SQL.values() for text in pair]
    known = squawk.OURS.keys() | squawk.THEIRS.keys() | squawk.CARED_FOR
    assert set(said(*sql)) <= known


def test_an_older_one_is_asked_for_what_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = "error: invalid value for '--include <rule>': invalid rule name ban-revoke"
    real = find_program()
    script = f"""case "$*" in *--include*) echo "{refusal}" >&2; exit 2;; esac; exec {real} "$@\""""
    program = _program(tmp_path, script)
    monkeypatch.setattr(squawk_program, "find_program", lambda: program)
    assert "ban-drop-view" in said("DROP VIEW v")


def test_every_rule_that_both_have_names_a_rule_of_ours() -> None:
    assert {code for ours in squawk.OURS.values() for code in ours} <= set(RULES)
    assert not squawk.OURS.keys() & squawk.THEIRS.keys()


def test_a_statement_that_it_cannot_read_does_not_silence_it() -> None:
    sql = ("CREATE TABLE a (c CHAR(3))", "this is\nno statement …", "CREATE TABLE b (c CHAR(3))")
    remarks = Squawk(TARGET)(tuple(Statement("aaaa1", text, 0.0) for text in sql))
    chars = [r.statement.sql for r in remarks.found if r.rule == "ban-char-field"]
    assert chars == [sql[0], sql[2]]


def test_values_of_the_driver_and_rows_of_data_are_no_hindrance() -> None:
    assert "ban-char-field" in said(
        "INSERT INTO t VALUES (%(a)s, %s)",
        "ALTER TABLE t ADD COLUMN c CHAR(3) DEFAULT %(c)s",
        "UPDATE t SET a = 5 %% 2",
    )


def test_a_remark_in_the_sql_silences_it() -> None:
    sql = "CREATE TABLE t (c CHAR(3))"
    assert "ban-char-field" not in said(f"-- squawk-ignore ban-char-field\n{sql}")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("", "no JSON"),
        ("{}", "no list"),
        ("[1]", "no object"),
        ('[{"line": 7, "rule_name": "r", "message": "m"}]', "no line 7"),
        ('[{"line": true, "rule_name": "r", "message": "m"}]', "no line True"),
        ('[{"line": 0, "message": "m"}]', "lacks its rule"),
        ('[{"line": 0, "rule_name": "r", "message": "m", "help": 1}]', "lacks its rule"),
    ],
)
def test_an_answer_of_another_shape_is_not_believed(answer: str, why: str) -> None:
    with pytest.raises(Unusable, match=why):
        read_answer(answer.encode(), (Statement("aaaa1", "SELECT 1", 0.0),), (2,))


def _program(folder: Path, script: str) -> str:
    program = folder / "squawk"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize(
    ("script", "why"),
    [("echo nonsense", "no JSON"), ("exec sleep 30", "it took longer"), ("exit 3", "JSON")],
)
def test_a_program_that_fails_is_a_problem_and_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, why: str
) -> None:
    monkeypatch.setattr(squawk_program, "find_program", lambda: _program(tmp_path, script))
    monkeypatch.setattr(squawk_program, "SECONDS", 0.3 if "sleep" in script else 20.0)
    remarks = Squawk(TARGET)((Statement("aaaa1", "DROP TABLE t", 0.0),))
    assert why in remarks.problem


def test_settings_that_lie_about_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".squawk.toml").write_text('excluded_rules = ["ban-char-field"]')
    monkeypatch.chdir(tmp_path)
    assert "ban-char-field" in said("CREATE TABLE t (c CHAR(3))")


@pytest.fixture
def place(tmp_path: Path, postgresql: str) -> Place:
    """The shop on PostgreSQL, with a revision that both kinds of rules have to say something about."""
    place = shop(tmp_path, postgresql)
    up = """\
op.create_index("ix_name", "products", ["name"])
op.add_column("products", sa.Column("seen", sa.DateTime))
op.add_column("products", sa.Column("shown", sa.DateTime))"""
    place.write(Sample("cccc1", ("aaaa1",), up=up, down="raise NotImplementedError"))
    return place


def test_what_both_know_is_said_once_by_ours_and_the_rest_by_it(place: Place) -> None:
    plan, rehearsal, history = place.plan(), place.rehearse(), read_history(place.target)
    hazards = judge(place.target, plan, rehearsal, history, linter=Squawk(place.target))
    assert {code for code in codes(hazards) if code.startswith("squawk")} == {
        "squawk-prefer-timestamp-tz"
    }
    assert "index-not-concurrent" in codes(hazards)
    found = only(hazards, "squawk-prefer-timestamp-tz")
    assert (found.severity, found.revision, found.subject) == ("warning", "cccc1", "products")
    assert "(2 places) In: ALTER TABLE products ADD COLUMN seen" in found.danger


def test_lint_asks_it_too_and_a_comment_accepts_what_it_says(place: Place) -> None:
    findings = [f.hazard.code for f in lint(place.target).findings]
    assert "squawk-prefer-timestamp-tz" in findings
    path = place.scripts / "versions" / "cccc1_.py"
    comment = "# console: accept squawk-prefer-timestamp-tz because it is local time\n"
    path.write_text(comment + path.read_text())
    (found,) = [f for f in lint(place.target).findings if f.hazard.code.startswith("squawk")]
    assert found.hazard.accepted == "it is local time"


def test_without_it_one_line_says_so_and_nothing_else_changes(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_it = {f.hazard.code for f in lint(place.target).findings}
    monkeypatch.setattr(squawk_program, "find_program", lambda: None)
    without = [f.hazard for f in lint(place.target).findings]
    assert only(tuple(without), "squawk-not-asked").danger == squawk_program.MISSING
    ours = {code for code in with_it if not code.startswith("squawk")}
    assert codes(tuple(without)) - {"squawk-not-asked"} == ours


def test_a_rule_that_is_new_to_us_is_shown_under_its_name(place: Place) -> None:
    def newer(statements: object) -> Remarks:
        (statement, *_) = statements  # type: ignore[misc]
        item = {"line": 0, "rule_name": "ban-mondays", "message": "Not today."}
        return Remarks(read_answer(json.dumps([item]).encode(), (statement,), (1,)))

    hazards = judge(
        place.target, place.plan(), place.rehearse(), read_history(place.target), linter=newer
    )
    assert only(hazards, "squawk-other").danger.startswith("ban-mondays: Not today. In: CREATE")
