"""The formats of `lint`: text for people, JSON, SARIF 2.1.0 for code scanning, GitHub's annotations."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from console import __version__
from console.cli.render import hazard_lines
from console.schema.wire import encode
from console.services.changed import repository_of

if TYPE_CHECKING:
    from console.services.lint import LintFinding, LintReport

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
# GitHub's workflow commands take these characters for their own signs.
ESCAPES = (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"))
PROPERTY_ESCAPES = (*ESCAPES, (":", "%3A"), (",", "%2C"))


def as_text(report: LintReport) -> str:
    """Every finding with its reason and what to write instead, below its place."""
    lines: list[str] = []
    for finding in report.findings:
        lines.append(f"{_shown(finding)}:{finding.line}")
        lines.extend(f"  {line}" for line in hazard_lines([finding.hazard]))
    return "\n".join(lines)


def as_json(report: LintReport) -> str:
    """The report as JSON, for programs."""
    return json.dumps(encode(report), indent=2, ensure_ascii=False)


def as_github(report: LintReport) -> str:
    """A line a finding, which GitHub shows beside the file's own line in a pull request."""
    return "\n".join(_annotation(finding) for finding in report.findings)


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
            "defaultConfiguration": {"level": known.severity if known else "error"},
        }
        if known:
            entry["help"] = {"text": f"{reason} Instead: {known.instead}"}
        rules.append(entry)
    driver = {"name": "Console", "version": __version__, "rules": rules}
    results = [_result(finding, codes) for finding in report.findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, ensure_ascii=False)


def _result(finding: LintFinding, codes: list[str]) -> dict[str, Any]:
    hazard = finding.hazard
    place = {
        "artifactLocation": {"uri": _uri(finding)},
        "region": {"startLine": finding.line},
    }
    result: dict[str, Any] = {
        "ruleId": hazard.code,
        "ruleIndex": codes.index(hazard.code),
        "level": hazard.severity,
        "message": {"text": hazard.danger},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"hazard/v1": f"{hazard.revision}/{hazard.code}/{hazard.subject}"},
    }
    if hazard.accepted:
        result["suppressions"] = [{"kind": "inSource", "justification": hazard.accepted}]
    return result


def _annotation(finding: LintFinding) -> str:
    hazard = finding.hazard
    kind = "notice" if hazard.accepted else hazard.severity
    file = _escaped(_shown(finding, _root()), PROPERTY_ESCAPES)
    title = _escaped(hazard.code, PROPERTY_ESCAPES)
    text = f"{hazard.danger} {hazard.reason}"
    if hazard.accepted:
        text += f" Accepted: {hazard.accepted}"
    return f"::{kind} file={file},line={finding.line},title={title}::{_escaped(text, ESCAPES)}"


def _escaped(text: str, escapes: tuple[tuple[str, str], ...]) -> str:
    for sign, code in escapes:
        text = text.replace(sign, code)
    return text


def _shown(finding: LintFinding, root: Path | None = None) -> str:
    """The file's path from `root` (from here, without one) if it is below, with forward slashes."""
    path, root = finding.path.resolve(), root or Path.cwd().resolve()
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()


def _root() -> Path:
    """Where programs that show findings beside the code count paths from: the repository's root."""
    here = Path.cwd().resolve()
    return repository_of(here) or here


def _uri(finding: LintFinding) -> str:
    shown = _shown(finding, _root())
    return Path(shown).as_uri() if shown.startswith("/") else quote(shown)


FORMATS: dict[str, Callable[[LintReport], str]] = {
    "github": as_github,
    "json": as_json,
    "sarif": as_sarif,
    "text": as_text,
}
