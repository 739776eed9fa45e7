"""The formats of `lint`: text for people, JSON, SARIF 2.1.0 for code scanning, GitHub's annotations."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from console import __version__
from console.cli.render import hazard_lines
from console.schema.wire import encode
from console.services.changed import repository_of

if TYPE_CHECKING:
    from console.hazards.hazard import Severity
    from console.services.lint import LintFinding, LintNote, LintReport

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
NOTE = "acceptance-not-met"
NOTED = "A comment accepts what reading the file does not find."
# GitHub's workflow commands take these characters for their own signs.
ESCAPES = (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"))
PROPERTY_ESCAPES = (*ESCAPES, (":", "%3A"), (",", "%2C"))


def as_text(report: LintReport) -> str:
    """Every finding with its reason and what to write instead, below its place."""
    lines: list[str] = []
    for finding in report.findings:
        lines.append(f"{_shown(finding)}:{finding.line}")
        lines.extend(f"  {line}" for line in hazard_lines([finding.hazard]))
    for note in report.notes:
        lines += [f"{_shown(note)}:{note.line}", f"  note: {note.text}"]
    return "\n".join(lines)


def as_json(report: LintReport) -> str:
    """The report as JSON, for programs."""
    return json.dumps(encode(report), indent=2, ensure_ascii=False)


def as_github(report: LintReport) -> str:
    """A line a finding, which GitHub shows beside the file's own line in a pull request."""
    lines = [_annotation(finding) for finding in report.findings]
    return "\n".join(
        [*lines, *(_command("notice", note, NOTE, note.text) for note in report.notes)]
    )


def as_sarif(report: LintReport) -> str:
    """The report as SARIF 2.1.0, with every rule that was broken."""
    from console.hazards.registry import RULES

    codes = list(dict.fromkeys(finding.hazard.code for finding in report.findings))
    rules: list[dict[str, Any]] = []
    for code in codes:
        known = RULES.get(code)
        reason = (
            known.reason
            if known
            else next(f.hazard.reason for f in report.findings if f.hazard.code == code)
        )
        entry: dict[str, Any] = {
            "id": code,
            "shortDescription": {"text": reason},
            "defaultConfiguration": {"level": _worst(report, code)},
        }
        if known:
            entry["help"] = {"text": f"{reason} Instead: {known.instead}"}
        rules.append(entry)
    if report.notes:
        rules.append({"id": NOTE, "shortDescription": {"text": NOTED}})
    driver = {"name": "Console", "version": __version__, "rules": rules}
    results = [_result(finding, codes) for finding in report.findings]
    results += [_noted(note, len(codes)) for note in report.notes]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, ensure_ascii=False)


def _worst(report: LintReport, code: str) -> Severity:
    """The severity of a rule in this report: the numbers may have made all that it found milder."""
    found = {finding.hazard.severity for finding in report.findings if finding.hazard.code == code}
    return "error" if "error" in found else "warning"


def _result(finding: LintFinding, codes: list[str]) -> dict[str, Any]:
    hazard = finding.hazard
    result: dict[str, Any] = {
        "ruleId": hazard.code,
        "ruleIndex": codes.index(hazard.code),
        "level": "note" if hazard.accepted else hazard.severity,
        "message": {"text": hazard.danger},
        "locations": _places(finding),
        "partialFingerprints": {"hazard/v1": f"{hazard.revision}/{hazard.code}/{hazard.subject}"},
    }
    if hazard.accepted:
        result["suppressions"] = [{"kind": "inSource", "justification": hazard.accepted}]
    return result


def _noted(note: LintNote, index: int) -> dict[str, Any]:
    return {
        "ruleId": NOTE,
        "ruleIndex": index,
        "level": "note",
        "message": {"text": note.text},
        "locations": _places(note),
    }


def _places(found: LintFinding | LintNote) -> list[dict[str, Any]]:
    """Where it is; nowhere, if it is about no file."""
    if not found.path.name:
        return []
    shown = _shown(found, _root(found.path))
    uri = Path(shown).as_uri() if shown.startswith("/") else quote(shown)
    place = {"artifactLocation": {"uri": uri}, "region": {"startLine": found.line}}
    return [{"physicalLocation": place}]


def _annotation(finding: LintFinding) -> str:
    hazard = finding.hazard
    kind = "notice" if hazard.accepted else hazard.severity
    text = f"{hazard.danger} {hazard.reason}"
    if hazard.accepted:
        text += f" Accepted: {hazard.accepted}"
    return _command(kind, finding, hazard.code, text)


def _command(kind: str, found: LintFinding | LintNote, title: str, text: str) -> str:
    """A workflow command of GitHub's."""
    file = _escaped(_shown(found, _root(found.path)), PROPERTY_ESCAPES)
    place = f"file={file},line={found.line}," if found.path.name else ""
    return f"::{kind} {place}title={_escaped(title, PROPERTY_ESCAPES)}::{_escaped(text, ESCAPES)}"


def _escaped(text: str, escapes: tuple[tuple[str, str], ...]) -> str:
    for sign, code in escapes:
        text = text.replace(sign, code)
    return text


def _shown(found: LintFinding | LintNote, root: Path | None = None) -> str:
    """The file's path from `root` (from here, without one) if it is below, with forward slashes."""
    path, root = Path(os.path.realpath(found.path)), root or Path.cwd().resolve()
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()


def _root(path: Path) -> Path | None:
    """Where programs that show findings beside the code count paths from: the root of the repository
    that a file lies in, wherever the command is called; None where there is none."""
    return repository_of(Path(os.path.realpath(path)).parent)


FORMATS: dict[str, Callable[[LintReport], str]] = {
    "github": as_github,
    "json": as_json,
    "sarif": as_sarif,
    "text": as_text,
}
