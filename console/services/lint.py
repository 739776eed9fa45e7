"""lint: judge revision files, by what they say or by what they do on a clone."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from console.hazards.hazard import Hazard, Severity
from console.hazards.judge import judge
from console.hazards.place import line_of
from console.hazards.sketch import Sketch, sketch
from console.hazards.squawk_program import Squawk
from console.schema.catalogue import Catalogue, read_catalogue
from console.schema.connection import read_only
from console.schema.errors import NothingToDo
from console.schema.history import History, read_history, read_standing
from console.schema.inquiry import Inquiry
from console.schema.plan import Plan, Step, make_plan
from console.schema.progress import Progress, silent
from console.schema.revision import Revision
from console.schema.target import Target
from console.services.execution import rehearse_plan


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
class LintReport:
    """The revisions that were judged, oldest first, and what was found, worst first."""

    target: str
    revisions: tuple[str, ...]
    is_rehearsed: bool
    findings: tuple[LintFinding, ...]

    def fails(self, severity: Severity) -> bool:
        """Whether any finding counts from this severity on."""
        return any(finding.fails(severity) for finding in self.findings)


def lint(
    target: Target,
    *,
    revisions: Collection[str] = (),
    since: str | None = None,
    workspace: Path | None = None,
    progress: Progress = silent,
) -> LintReport:
    """Judge the named revisions; else those that `since` does not rest on; else those pending.

    `since` may be "base": everything. The files are read, not run; the database, where it can be reached, is asked for its schema and
    its rows. With a `workspace` what is pending is rehearsed on a clone below it, and judged by that.
    Raises UnknownRevision, AmbiguousRevision, what planning and rehearsing raise, and SQLAlchemy's
    errors where the database has to be read and cannot.
    """
    history = read_history(target)
    chosen = _chosen(target, history, revisions, since)
    names = [revision.id for revision in chosen]
    rehearsed: dict[str, list[Hazard]] = {}
    if workspace is not None:
        rehearsed = _rehearse(target, workspace, progress)
    rest = [revision for revision in chosen if revision.id not in rehearsed]
    plan = plan_of(target, rest)
    drawn = sketch(target, plan, history, _schema_of(target))
    hazards = [hazard for name in names for hazard in rehearsed.get(name, ())]
    hazards += judge(
        target, plan, None, history, ask=Inquiry(target), sketch=drawn, linter=Squawk(target)
    )
    everything = sketch(target, plan_of(target, chosen), history)
    findings = [_located(hazard, history, everything) for hazard in hazards]
    findings.sort(key=lambda f: (not f.hazard.is_blocking, f.hazard.severity != "error"))
    return LintReport(target.name, tuple(names), workspace is not None, tuple(findings))


def plan_of(target: Target, revisions: Iterable[Revision]) -> Plan:
    """Return a plan of these steps that is judged and never executed: it carries no digest."""
    steps = tuple(Step(r.id, "up", r.message, r.parents, str(r.path), r.sha256) for r in revisions)
    end = (steps[-1].revision,) if steps else ()
    return Plan(target.name, target.identity, "files", "up", (), end, steps, (), "")


def _chosen(
    target: Target, history: History, names: Collection[str], since: str | None
) -> list[Revision]:
    """The revisions to judge, oldest first."""
    oldest_first = [r for r in reversed(history.revisions) if not r.is_broken]
    if names:
        wanted = {history.find(name).id for name in names}
    elif since is not None:
        known = history.ancestors([history.find(since).id]) if since != "base" else frozenset()
        wanted = {revision.id for revision in oldest_first} - known
    else:
        wanted = set(read_standing(target, history).pending)
    return [revision for revision in oldest_first if revision.id in wanted]


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
