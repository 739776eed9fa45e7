"""`lint`: what is dangerous in revisions, in every format, and the status that stops a pipeline."""

from __future__ import annotations

import json
from dataclasses import replace
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
        assert result["level"] in ("error", "warning")
        (place,) = result["locations"]
        assert place["physicalLocation"] == {
            "artifactLocation": {"uri": "versions/a%2Cb_.py"},
            "region": {"startLine": 7 + position},
        }
    assert run["results"][2]["suppressions"] == [{"kind": "inSource", "justification": "all spam"}]
    assert "suppressions" not in run["results"][0]


def test_without_findings_sarif_is_still_a_run() -> None:
    (run,) = json.loads(FORMATS["sarif"](LintReport("default", (), False, ())))["runs"]
    assert run["results"] == []
