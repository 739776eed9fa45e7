"""Each rule finds what is dangerous on each database that it concerns, and what it says to do
instead is pasted, runs there, and is found no more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from console.hazards.hazard import Hazard
from console.hazards.registry import DATABASES, RULES
from console.schema.executor import apply
from tests.hazards.cases import CASES, cases_on
from tests.hazards.cases.case import Case
from tests.hazards.pasting import Pasted, pasted
from tests.hazards.proving import Proving
from tests.histories.script_folder import Sample

# What a rehearsal has no need of is tested where files are read (`test_sketch`), and what takes hundreds
# of changes to bring about with made-up answers (`test_mariadb_versions`).
ELSEWHERE = ("unread-statement", "row-version-limit")
SERVERS = ("sqlite", "postgresql", "mariadb", "mysql")


def test_every_rule_of_ours_has_a_case_on_every_database_that_it_concerns() -> None:
    known = {(case.code, database) for case in CASES for database in case.on}
    ours = {c: r for c, r in RULES.items() if not c.startswith("squawk-") and c not in ELSEWHERE}
    wanted = {(code, d) for code, rule in ours.items() for d in DATABASES if rule.concerns(d)}
    assert known == wanted


@pytest.mark.parametrize("server", SERVERS)
def test_what_is_dangerous_is_found_and_its_rewrite_is_safe(
    server: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    make: Callable[[], str | None] = (
        request.getfixturevalue(f"make_{server}") if server != "sqlite" else lambda: None
    )
    cases = cases_on(server)
    complaints: list[str] = []
    proving, few = Proving(tmp_path / "all", make(), cases), [c for c in cases if c.is_alone]
    found = _together([c for c in cases if not c.is_alone], proving, complaints)
    found |= _alone(few, Proving(tmp_path / "few", make(), few), complaints)
    ways = {case: pasted(case, hazard.rewrite) for case, hazard in found.items()}
    _safe(ways, proving, complaints)
    assert not complaints, "\n".join(complaints)
    assert set(found) == set(cases)


def _sample(name: str, case: Case, up: str, down: str) -> Sample:
    return Sample(name, up=up, down=down, message=case.code.replace("-", " ").capitalize())


def _together(cases: list[Case], proving: Proving, complaints: list[str]) -> dict[Case, Hazard]:
    """What is found where all of them are revisions of one plan."""
    names = {case: f"unsafe{number:02}" for number, case in enumerate(cases)}
    samples = [_sample(name, case, case.unsafe, case.down) for case, name in names.items()]
    tops = {name: case.top for case, name in names.items()}
    rehearsal, hazards = proving.judged(samples, tops)
    assert rehearsal.succeeded, f"{rehearsal.failed_revision}: {rehearsal.error}"
    return {
        case: hazard
        for case, name in names.items()
        if (hazard := _expected(case, name, hazards, complaints))
    }


def _alone(cases: list[Case], proving: Proving, complaints: list[str]) -> dict[Case, Hazard]:
    """What is found where each of them is a plan."""
    found = {}
    for case in cases:
        sample = _sample("unsafe", case, case.unsafe, case.down)
        rehearsal, hazards = proving.judged([sample])
        assert rehearsal.succeeded is not case.fails, f"{case}: {rehearsal.error}"
        hazard = _expected(case, "unsafe", hazards, complaints)
        if hazard:
            found[case] = hazard
    return found


def _expected(
    case: Case, revision: str, hazards: tuple[Hazard, ...], complaints: list[str]
) -> Hazard | None:
    """The finding of a case; what is wrong with it becomes a complaint."""
    found = [h for h in hazards if (h.code, h.revision) == (case.code, revision)]
    if len(found) != 1:
        complaints.append(f"{case}: found {len(found)} times among {[h.code for h in hazards]}")
        return None
    hazard = found[0]
    if (hazard.severity, hazard.subject) != (case.severity, case.subject):
        complaints.append(f"{case}: {hazard.severity} about {hazard.subject}")
    if case.says not in hazard.danger:
        complaints.append(f"{case}: {hazard.danger}")
    if not hazard.rewrite or hazard.reason != RULES[case.code].reason:
        complaints.append(f"{case}: no rewrite or reason")
    return hazard


def _safe(ways: dict[Case, tuple[Pasted, ...]], proving: Proving, complaints: list[str]) -> None:
    """Rehearse the safe ways in one plan; then those that are worth nothing in one."""
    common = [(case, revision) for case, way in ways.items() if not case.apart for revision in way]
    _rehearsed(common, [], proving, complaints)
    done: list[Sample] = []
    for case, way in ways.items():
        for revision in way if case.apart else ():
            done += _rehearsed([(case, revision)], done, proving, complaints)
            apply(proving.place.target, proving.place.plan())


def _rehearsed(
    revisions: list[tuple[Case, Pasted]],
    done: list[Sample],
    proving: Proving,
    complaints: list[str],
) -> list[Sample]:
    """Rehearse revisions on top of those that are done, and complain of what is found again, or is
    an error of another rule. Returns the new ones."""
    samples = [
        _sample(f"safe{len(done) + number:03}", case, revision.up, revision.down)
        for number, (case, revision) in enumerate(revisions)
    ]
    rehearsal, hazards = proving.judged([*done, *samples])
    failed = next((s for s in samples if s.id == rehearsal.failed_revision), None)
    assert rehearsal.succeeded, f"{rehearsal.error}\n{failed and failed.up}"
    judged = {s.id: case for s, (case, r) in zip(samples, revisions, strict=True) if not r.is_late}
    for hazard in hazards:
        case = judged.get(hazard.revision)
        is_error = hazard.severity == "error" and case and hazard.code not in case.also
        if case and (hazard.code == case.code or is_error):
            complaints.append(f"the safe way of {case}: {hazard.code}: {hazard.danger}")
    return samples
