"""`lint`: what is dangerous in revisions, in every format, and the status that stops a pipeline."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from console.cli.lint_formats import FORMATS
from console.hazards.hazard import Hazard
from console.services.lint import LintFinding, LintReport
from tests.cli.conftest import Manage, data_of

DROP = Hazard(
    "drop-column", "error", "aaaa1", "products.weight", "100% of it:\n2 values lost.", "Gone.", "…"
)
WARNING = Hazard("empty-downgrade", "warning", "aaaa1", "x", "It does nothing.", "Why.")
ACCEPTED = Hazard(
    "drop-table", "error", "aaaa1", "reviews", "3 rows lost.", "Why.", accepted="all spam"
)


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LintReport:
    """An error, a warning and an accepted error in one file below where we stand."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    path = tmp_path / "versions" / "a,b_.py"
    findings = tuple(LintFinding(h, path, n) for n, h in enumerate((DROP, WARNING, ACCEPTED), 7))
    return LintReport("default", ("aaaa1",), False, findings)


def test_nothing_pending_is_no_finding(manage: Manage, app: Flask) -> None:
    result = manage(app, "lint")
    assert result.exit_code == 0, result.output
    assert (result.stdout, result.stderr) == ("", "0 revisions judged, 0 findings.\n")


def test_what_is_pending_is_judged(manage: Manage, lagging_app: Flask) -> None:
    result = manage(lagging_app, "lint", "--fail-on", "warning")
    assert result.exit_code == 0, result.output
    assert result.stderr.startswith("1 revision judged, 0 findings.")


def test_what_is_pending_is_rehearsed(manage: Manage, lagging_app: Flask) -> None:
    report = data_of(manage(lagging_app, "lint", "--rehearse", "--format", "json"))
    assert (report["revisions"], report["is_rehearsed"]) == (["9e2d05c8a314"], True)


def test_the_history_of_the_shop_has_no_errors(manage: Manage, app: Flask) -> None:
    result = manage(app, "lint", "--since", "base")
    assert result.exit_code == 0, result.output
    assert result.stderr.startswith("2 revisions judged")


def test_a_danger_fails(manage: Manage, app: Flask, tmp_path: Path) -> None:
    target = app.extensions["console"].targets["default"]
    versions = tmp_path / "versions"
    versions.mkdir()
    for path in target.version_locations[0].glob("*.py"):
        (versions / path.name).write_text(path.read_text())
    (versions / "drop.py").write_text(
        "from alembic import op\nrevision = 'dddd1'\ndown_revision = '9e2d05c8a314'\n"
        "def upgrade():\n    op.drop_table('posts')\n"
        "def downgrade():\n    raise NotImplementedError\n"
    )
    app.extensions["console"].targets["default"] = replace(target, version_locations=(versions,))
    result = manage(app, "lint")
    assert result.exit_code == 1
    assert f"{versions}/drop.py:5" in result.stdout
    assert "error: drop-table: posts in dddd1" in result.stdout
    assert "| op.rename_table(" in result.stdout


DROPS = (
    "from alembic import op\nrevision = 'dddd1'\ndown_revision = '9e2d05c8a314'\n"
    "def upgrade():\n    op.drop_table('posts')\n"
)


@pytest.fixture
def branch(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shop's revisions in a repository, on a branch that has changed nothing yet."""
    target = app.extensions["console"].targets["default"]
    root = tmp_path / "repository"
    versions = root / "backend" / "versions"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(target.version_locations[0], versions, ignore=ignored)
    app.extensions["console"].targets["default"] = replace(target, version_locations=(versions,))
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "A Person")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "person@example.com")
    git = partial(subprocess.run, cwd=root, check=True, capture_output=True)
    for words in ("init -b main", f"add {versions}", "commit -m first", "switch -c branch"):
        git(["git", *words.split()])
    monkeypatch.chdir(versions)
    return versions


def test_only_what_a_branch_changed_is_judged_and_named_from_the_root(
    manage: Manage, app: Flask, branch: Path
) -> None:
    nothing = manage(app, "lint", "--git-base", "main")
    assert nothing.stderr == "0 revisions judged, 0 findings.\n"
    (branch / "dddd1_drop_posts.py").write_text(DROPS)
    result = manage(app, "lint", "--git-base", "main", "--format", "github")
    assert result.exit_code == 1
    assert result.stderr.startswith("1 revision judged")
    name = "backend/versions/dddd1_drop_posts.py"
    assert f"::error file={name},line=5,title=drop-table::" in result.stdout
    sarif = data_of(manage(app, "lint", "--git-base", "main", "--format", "sarif"))
    places = [one["locations"][0]["physicalLocation"] for one in sarif["runs"][0]["results"]]
    assert {place["artifactLocation"]["uri"] for place in places} == {name}


def test_places_are_named_from_the_root_wherever_it_is_called(
    manage: Manage, app: Flask, branch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (branch / "dddd1_drop, posts.py").write_text(DROPS)
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / ".git").mkdir(parents=True)
    monkeypatch.chdir(elsewhere)
    sarif = data_of(manage(app, "lint", "dddd1", "--format", "sarif"))
    (place,) = sarif["runs"][0]["results"][0]["locations"]
    uri = place["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "backend/versions/dddd1_drop%2C%20posts.py"
    lines = manage(app, "lint", "dddd1", "--format", "github").stdout
    assert "::error file=backend/versions/dddd1_drop%2C posts.py,line=5," in lines


MENDED = (
    "from alembic import op\nrevision = 'dddd1'\ndown_revision = '9e2d05c8a314'\n"
    "# console: accept drop-table posts because nobody reads them\n"
    "# console: accept index-not-concurrent because the table is small\n"  # on another database
    "def upgrade():\n    op.execute('SELECT 1')\ndef downgrade():\n    op.execute('SELECT 1')\n"
)


def test_an_acceptance_of_what_was_mended_is_told_and_fails_nothing(
    manage: Manage, app: Flask, branch: Path
) -> None:
    (branch / "dddd1_.py").write_text(MENDED)
    told = "accepts drop-table posts, which reading the file does not find"
    result = manage(app, "lint", "--fail-on", "warning")
    assert result.exit_code == 0, result.output
    place, note = result.stdout.splitlines()
    assert place.endswith("dddd1_.py:4")
    assert note.startswith(f"  note: The comment {told}")
    (line,) = manage(app, "lint", "--format", "github").stdout.splitlines()
    assert line.startswith("::notice file=backend/versions/dddd1_.py,line=4,title=acceptance")
    (run,) = data_of(manage(app, "lint", "--format", "sarif"))["runs"]
    (one,) = run["results"]
    assert (one["level"], run["tool"]["driver"]["rules"][0]["id"]) == ("note", one["ruleId"])
    (told_in_json,) = data_of(manage(app, "lint", "--json"))["notes"]
    assert told in told_in_json["text"]


def test_a_file_that_cannot_be_used_fails(manage: Manage, app: Flask, branch: Path) -> None:
    (branch / "dddd1_half.py").write_text("revision = 'dddd1'\ndef upgrade(:\n")
    (branch / "eeee1_lost.py").write_text("revision = 'eeee1'\ndown_revision = 'nowhere'\n")
    for scope in (["--git-base", "main"], ["--since", "base"], []):
        result = manage(app, "lint", *scope, "--format", "github")
        assert result.exit_code == 1, scope
        assert "dddd1_half.py,line=2,title=syntax-error::" in result.stdout
        assert "eeee1_lost.py,line=1,title=missing-parent::" in result.stdout
    assert manage(app, "lint", "9e2d05c8a314").exit_code == 0


def test_a_link_to_itself_is_a_file_that_cannot_be_used(
    manage: Manage, app: Flask, branch: Path
) -> None:
    (branch / "dddd1_.py").symlink_to("dddd1_.py")
    for scope in (["--git-base", "main"], ["--since", "base"]):
        for form in ("text", "github", "sarif"):
            result = manage(app, "lint", *scope, "--format", form)
            assert result.exit_code == 1, (scope, form)
            assert "Too many levels of symbolic links" in result.stdout, (scope, form)


DECEIVES = "Add \x1b[31mred\x1b[0m\u202e and more"
SHOWN = r"Add \u001b[31mred\u001b[0m\u202e and more"


@pytest.mark.parametrize(
    "command",
    [
        ["showmigrations"],
        ["showmigrations", "--graph"],
        ["plan"],
        ["plan", "--json"],
        ["rehearse"],
        ["lint", "--fail-on", "error"],
    ],
)
def test_what_a_revision_says_cannot_steer_a_terminal(
    manage: Manage, app: Flask, branch: Path, command: list[str]
) -> None:
    (branch / "dddd1_.py").write_text(
        f'"""{DECEIVES}"""\nfrom alembic import op\nrevision = "dddd1"\n'
        f"down_revision = '9e2d05c8a314'\ndef upgrade():\n    op.drop_table({DECEIVES!r})\n"
        "def downgrade():\n    raise NotImplementedError\n"
    )
    result = manage(app, *command)
    assert SHOWN in result.stdout + result.stderr
    assert "\x1b" not in result.output
    assert "\u202e" not in result.output


def test_several_heads_are_a_warning(manage: Manage, app: Flask, branch: Path) -> None:
    for name in ("dddd1", "eeee1"):
        text = f"revision = '{name}'\ndown_revision = '9e2d05c8a314'\ndef upgrade():\n    pass\n"
        (branch / f"{name}_.py").write_text(text)
    result = manage(app, "lint", "--git-base", "main", "--fail-on", "warning")
    assert result.exit_code == 1
    assert "warning: multiple-heads" in result.stdout
    assert manage(app, "lint", "--git-base", "main").exit_code == 0


def test_a_base_that_git_does_not_know_is_one_line(
    manage: Manage, app: Flask, branch: Path
) -> None:
    result = manage(app, "lint", "--git-base=--all", "--json")
    assert result.exit_code == 1
    assert "git cannot say what changed in" in data_of(result)["error"]
    assert manage(app, "lint", "--git-base", "main", "--since", "base").exit_code == 2


@pytest.mark.parametrize("wish", [["--json"], ["--format", "json"]])
def test_programs_get_json_when_it_fails_too(manage: Manage, app: Flask, wish: list[str]) -> None:
    assert data_of(manage(app, "lint", *wish))["findings"] == []
    assert "no revision 'nowhere'" in data_of(manage(app, "lint", "nowhere", *wish))["error"]


def test_an_unknown_revision_is_one_line(manage: Manage, app: Flask) -> None:
    result = manage(app, "lint", "ffff")
    assert result.exit_code == 1
    assert result.stderr == "Error: There is no revision 'ffff' in this history.\n"


def test_text_gives_place_reason_and_rewrite(report: LintReport) -> None:
    text = FORMATS["text"](report)
    assert text.splitlines()[:2] == [
        "versions/a,b_.py:7",
        "  error: drop-column: products.weight in aaaa1",
    ]
    assert "Accepted in the revision: all spam" in text


def test_github_lines_keep_their_signs_apart(report: LintReport) -> None:
    assert FORMATS["github"](report).splitlines() == [
        "::error file=versions/a%2Cb_.py,line=7,title=drop-column::"
        "100%25 of it:%0A2 values lost. Gone.",
        "::warning file=versions/a%2Cb_.py,line=8,title=empty-downgrade::It does nothing. Why.",
        "::notice file=versions/a%2Cb_.py,line=9,title=drop-table::"
        "3 rows lost. Why. Accepted: all spam",
    ]


def test_json_is_the_report(report: LintReport) -> None:
    data = json.loads(FORMATS["json"](report))
    assert data["target"] == "default"
    assert [finding["line"] for finding in data["findings"]] == [7, 8, 9]


def test_sarif_has_rules_places_and_suppressions(report: LintReport) -> None:
    data: dict[str, Any] = json.loads(FORMATS["sarif"](report))
    assert (data["version"], data["$schema"].rpartition("/")[2]) == ("2.1.0", "sarif-2.1.0.json")
    (run,) = data["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["drop-column", "empty-downgrade", "drop-table"]
    for rule in rules:
        assert rule["shortDescription"]["text"]
        assert "Instead:" in rule["help"]["text"]
    for position, result in enumerate(run["results"]):
        assert result["ruleIndex"] == position
        assert result["ruleId"] == rules[position]["id"]
        assert result["level"] == ("error", "warning", "note")[position]
        assert (
            rules[position]["defaultConfiguration"]["level"]
            == ("error", "warning", "error")[position]
        )
        (place,) = result["locations"]
        assert place["physicalLocation"] == {
            "artifactLocation": {"uri": "versions/a%2Cb_.py"},
            "region": {"startLine": 7 + position},
        }
    assert run["results"][2]["suppressions"] == [{"kind": "inSource", "justification": "all spam"}]
    assert "suppressions" not in run["results"][0]


def test_the_level_of_a_rule_is_that_of_the_worst_that_it_found(report: LintReport) -> None:
    mild = replace(DROP, severity="warning", subject="products.price")
    alone = replace(report, findings=(replace(report.findings[0], hazard=mild),))
    both = replace(report, findings=(*alone.findings, *report.findings))
    for some, level in ((alone, "warning"), (both, "error")):
        (run,) = json.loads(FORMATS["sarif"](some))["runs"]
        assert run["tool"]["driver"]["rules"][0]["defaultConfiguration"]["level"] == level
        assert run["results"][0]["level"] == "warning"


def test_what_is_in_no_file_has_no_place(report: LintReport) -> None:
    lost = replace(report, findings=(LintFinding(DROP, Path(), 1),))
    (run,) = json.loads(FORMATS["sarif"](lost))["runs"]
    assert run["results"][0]["locations"] == []
    assert FORMATS["github"](lost).startswith("::error title=drop-column::")


def test_without_findings_sarif_is_still_a_run() -> None:
    (run,) = json.loads(FORMATS["sarif"](LintReport("default", (), False, ())))["runs"]
    assert run["results"] == []
