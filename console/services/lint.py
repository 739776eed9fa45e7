"""lint: judge revision files, by what they say or by what they do on a clone."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from console.hazards.acceptance import unmet
from console.hazards.evidence import Evidence
from console.hazards.hazard import Hazard, Severity
from console.hazards.judge import judged
from console.hazards.place import line_of
from console.hazards.sketch import Sketch, sketch
from console.hazards.squawk_program import Squawk
from console.schema.catalogue import Catalogue, read_catalogue
from console.schema.connection import read_only
from console.schema.errors import NothingToDo
from console.schema.history import History, read_history
from console.schema.inquiry import Inquiry
from console.schema.plan import Plan, Step, make_plan
from console.schema.progress import Progress, silent
from console.schema.revision import Revision
from console.schema.standing import read_standing
from console.schema.target import Target
from console.services.changed import changed_files
from console.services.execution import rehearse_plan

HARMLESS = ("multiple-heads", "computed-branch-labels")
SEVERAL = "Merge them with `manage.py db merge heads`, unless the history is meant to have several."
UNUSABLE = "No plan can be made of it until the file is mended."


@dataclass(frozen=True)
class LintFinding:
    """A hazard, and where in the files it is: the line of its operation, or that of the file's first."""

    hazard: Hazard
    path: Path
    line: int

    def fails(self, severity: Severity) -> bool:
        """Whether it counts from this severity on; what a file accepts does not."""
        return not self.hazard.accepted and severity in (self.hazard.severity, "warning")


@dataclass(frozen=True)
class LintNote:
    """What is worth knowing of a line of a file, and no danger."""

    text: str
    path: Path
    line: int


@dataclass(frozen=True)
class LintReport:
    """The revisions that were judged, oldest first, what was found, worst first, and what else there
    is to know."""

    target: str
    revisions: tuple[str, ...]
    is_rehearsed: bool
    findings: tuple[LintFinding, ...]
    notes: tuple[LintNote, ...] = ()

    def fails(self, severity: Severity) -> bool:
        """Whether any finding counts from this severity on."""
        return any(finding.fails(severity) for finding in self.findings)


def lint(
    target: Target,
    *,
    revisions: Collection[str] = (),
    since: str | None = None,
    git_base: str | None = None,
    workspace: Path | None = None,
    progress: Progress = silent,
) -> LintReport:
    """Judge the named revisions; else those that `since` does not rest on; else those whose files are
    not as they were where the branch left `git_base`; else those pending.

    `since` may be "base": everything. The files are read, not run; the database, where it can be
    reached, is asked for its schema and its rows. With a `workspace` what is pending is rehearsed on
    a clone below it, and judged by that. What is wrong with the files themselves is found, too.
    Raises UnknownRevision, AmbiguousRevision, Refused where git does not know the base, what planning
    and rehearsing raise, and SQLAlchemy's errors where the database has to be read and cannot.
    """
    history = read_history(target)
    changed = changed_files(_existing(target), git_base) if git_base else None
    chosen = _chosen(target, history, revisions, since, changed)
    names = [revision.id for revision in chosen]
    rehearsed: dict[str, list[Hazard]] = {}
    if workspace is not None:
        rehearsed = _rehearse(target, workspace, progress)
    rest = [revision for revision in chosen if revision.id not in rehearsed]
    plan = plan_of(target, rest)
    hazards = [hazard for name in names for hazard in rehearsed.get(name, ())]
    evidence = _evidence(target, plan, history)
    found = judged(evidence)
    hazards += found
    everything = sketch(target, plan_of(target, chosen), history)
    findings = [_located(hazard, history, everything) for hazard in hazards]
    findings += _problems(history, {r.path for r in chosen} if revisions else None, changed)
    findings.sort(key=lambda f: (not f.hazard.is_blocking, f.hazard.severity != "error"))
    notes = tuple(_notes(evidence, found))
    return LintReport(target.name, tuple(names), workspace is not None, tuple(findings), notes)


def foreseen(target: Target, plan: Plan, history: History) -> tuple[Hazard, ...]:
    """Return the hazards of a plan as far as its files say what it does, without running it; the
    database, where it can be reached, is asked for its schema and its rows."""
    return judged(_evidence(target, plan, history))


def _evidence(target: Target, plan: Plan, history: History) -> Evidence:
    """What is known of a plan that nobody runs."""
    drawn = sketch(target, plan, history, _schema_of(target))
    return Evidence(target, plan, None, history, Inquiry(target), drawn, Squawk(target))


def _notes(evidence: Evidence, hazards: Sequence[Hazard]) -> Iterator[LintNote]:
    """Comments that accept what is not found, or no more: only a rehearsal can tell for sure."""
    for each in unmet(evidence, hazards):
        path = evidence.history.find(each.revision).path
        yield LintNote(
            f"The comment accepts {each.named}, which reading the file does not find; take it out if "
            "that was mended.",
            path,
            each.line,
        )


def plan_of(target: Target, revisions: Iterable[Revision]) -> Plan:
    """Return a plan of these steps that is judged and never executed: it carries no digest."""
    steps = tuple(Step(r.id, "up", r.message, r.parents, str(r.path), r.sha256) for r in revisions)
    end = (steps[-1].revision,) if steps else ()
    return Plan(target.name, target.identity, "files", "up", (), end, steps, (), "")


def _chosen(
    target: Target,
    history: History,
    names: Collection[str],
    since: str | None,
    changed: Collection[Path] | None,
) -> list[Revision]:
    """The revisions to judge, oldest first."""
    oldest_first = [r for r in reversed(history.revisions) if not r.is_broken]
    if names:
        wanted = {history.find(name).id for name in names}
    elif since is not None:
        known = history.ancestors([history.find(since).id]) if since != "base" else frozenset()
        wanted = {revision.id for revision in oldest_first} - known
    elif changed is not None:
        wanted = {r.id for r in oldest_first if _place_of(r.path) in changed}
    else:
        wanted = set(read_standing(target, history).pending)
    return [revision for revision in oldest_first if revision.id in wanted]


def _existing(target: Target) -> list[Path]:
    return [folder for folder in target.version_locations if folder.is_dir()]


def _problems(
    history: History, only: Collection[Path] | None, changed: Collection[Path] | None
) -> Iterator[LintFinding]:
    """What keeps a history from being used: that of some files `only`, or of those that `changed` and
    of the history as a whole."""
    for problem in history.problems:
        path = Path(problem.path) if problem.path else None
        if only is not None and path not in only:
            continue
        if path is not None and changed is not None and _place_of(path) not in changed:
            continue
        if path is None:
            path = history.find(history.heads[0]).path if history.heads else Path()
        severity: Severity = "warning" if problem.code in HARMLESS else "error"
        identifier = next((r.id for r in history.in_file_order if r.path == path), "")
        reason = SEVERAL if problem.code == "multiple-heads" else UNUSABLE
        hazard = Hazard(problem.code, severity, identifier, path.name, problem.message, reason)
        yield LintFinding(hazard, path, problem.line or 1)


def _place_of(path: Path) -> Path:
    """Where a file is behind all links; a link to itself is where it is."""
    return Path(os.path.realpath(path))


def _rehearse(target: Target, workspace: Path, progress: Progress) -> dict[str, list[Hazard]]:
    """The hazards of what is pending, by revision, as a rehearsal shows them."""
    try:
        plan = make_plan(target, "heads")
    except NothingToDo:
        return {}
    found: dict[str, list[Hazard]] = {step.revision: [] for step in plan.steps}
    for hazard in rehearse_plan(target, plan, workspace, progress).hazards:
        found.setdefault(hazard.revision or plan.steps[0].revision, []).append(hazard)
    return found


def _schema_of(target: Target) -> Catalogue | None:
    """The schema that the database has now; None where it cannot be reached."""
    try:
        with read_only(target) as connection:
            if connection is None:
                return None
            return read_catalogue(connection, exclude=target.version_tables)
    except SQLAlchemyError:
        return None


def _located(hazard: Hazard, history: History, drawn: Sketch) -> LintFinding:
    """Find the file and the line of a hazard."""
    revision = history.by_id.get(hazard.revision)
    if revision is None:
        return LintFinding(hazard, Path(), 1)
    try:
        source = history.source(revision)
    except OSError:  # gone since
        source = ""
    reads = [read for read in drawn.reads if read.operation.revision == hazard.revision]
    return LintFinding(hazard, revision.path, line_of(hazard, reads, source))
