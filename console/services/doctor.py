"""doctor: what a crash or a hand left behind, and the way out of each, taken on request only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from console.schema.clone import find_orphans
from console.schema.diagnosis import Diagnosis, diagnose
from console.schema.leftovers import Leftover, find_leftovers, mend_leftover
from console.schema.progress import Progress, silent
from console.schema.rehearsal import remove_orphans
from console.schema.stamp import stamp
from console.schema.target import Target
from console.services import audit
from console.services.errors import Conflict
from console.services.execution import Workshop
from console.services.queue import active_targets
from console.services.recovery import hanging, recover
from console.services.wording import place
from console.store.store import Store


@dataclass(frozen=True)
class Ailment:
    """Something that is not as it should be: `text` says what, `remedy` what `cure` would do.

    `cure` is None where a person has to decide; `details` are further lines. Curing raises
    Conflict and the core's errors, and is written to the audit trail.
    """

    code: str
    subject: str
    text: str
    remedy: str
    details: tuple[str, ...] = ()
    cure: Callable[[], object] | None = field(default=None, compare=False, repr=False)


def examine(
    workshop: Workshop, target: Target, *, actor_name: str, progress: Progress = silent
) -> Iterator[Ailment]:
    """Yield what is wrong with a target. Nothing is changed before a `cure` is called."""
    for leftover in find_leftovers(target):
        yield _leftover(workshop.store, target, leftover, actor_name)
    yield from _standing(workshop.store, target, diagnose(target, progress=progress), actor_name)


def examine_workshop(workshop: Workshop) -> Iterator[Ailment]:
    """Yield what killed processes left in the workspace and in the store."""
    if orphans := find_orphans(workshop.workspace):
        yield Ailment(
            "orphaned-clone",
            "the workspace",
            f"{len(orphans)} clone(s) were left by processes that were killed.",
            "Remove them.",
            orphans,
            lambda: remove_orphans(workshop.workspace, *workshop.targets.values()),
        )
    if runs := hanging(workshop.store):
        yield Ailment(
            "hanging-run",
            "the runs",
            f"The runner of run {', '.join(map(str, runs))} died while it worked.",
            "Close an apply by where its database stands; queue a rehearsal again.",
            cure=lambda: recover(workshop),
        )


def _leftover(store: Store, target: Target, leftover: Leftover, actor_name: str) -> Ailment:
    def cure() -> None:
        _refuse_busy(store, target)
        mend_leftover(target, leftover)
        _record(store, target, actor_name, f"mended the leftover table {leftover.name}")

    if leftover.is_only_copy:
        text = f"{leftover.name} holds {leftover.rows} rows, and {leftover.table} is gone."
        remedy = f"Give it its name back: {leftover.table}."
    else:
        text = f"{leftover.name} was left by an interrupted batch operation on {leftover.table}."
        remedy = f"Drop it ({leftover.rows} rows, copied from {leftover.table})."
    return Ailment("leftover-table", target.name, text, remedy, cure=cure)


def _standing(store: Store, target: Target, found: Diagnosis, actor_name: str) -> Iterator[Ailment]:
    """Where the schema and the version table do not say the same."""
    if found.unknown:
        yield Ailment(
            "unknown-revision",
            target.name,
            f"The database stands at {place(found.unknown)}, which no revision file carries.",
            "Bring the missing files back from version control.",
        )
    if found.is_sound:
        return
    if found.matches:
        yield _stamped_wrong(store, target, found, actor_name)
        return
    half = [step for step in found.steps if step.is_half]
    details = tuple(
        f"{step.revision} {state}: {change}"
        for step in half or found.steps
        for state, changes in (
            ("applied", step.applied),
            ("missing", step.missing),
            ("unknown", step.unknown),
        )
        for change in changes
    )
    names = ", ".join(step.revision for step in half)
    yield Ailment(
        "half-applied" if half else "schema-differs",
        target.name,
        f"{names} is applied in part."
        if half
        else f"The schema is not what the history makes up to {place(found.heads)}."
        + (f" The history cannot be run to its end: {found.error}" if found.error else ""),
        "See `manage.py drift`. Undo by hand what is applied, or add what is missing.",
        details,
    )


def _stamped_wrong(store: Store, target: Target, found: Diagnosis, actor_name: str) -> Ailment:
    """The schema is exactly that of another place than the version table says."""
    wanted = found.matches[0]
    is_clear = len(found.matches) == 1

    def cure() -> None:
        _refuse_busy(store, target)
        stamp(target, wanted, start=found.heads, fingerprint=found.fingerprint)
        _record(store, target, actor_name, f"stamped it with {place(wanted)}")

    places = " or ".join(place(match) for match in found.matches)
    return Ailment(
        "wrong-stamp",
        target.name,
        f"The version table says {place(found.heads)}, and the schema is exactly that of {places}.",
        f"Stamp it with {place(wanted)}."
        if is_clear
        else "Only the data can tell which: find out, and stamp it with `manage.py db stamp`.",
        cure=cure if is_clear else None,
    )


def _refuse_busy(store: Store, target: Target) -> None:
    with store.read() as session:
        if target.name in active_targets(session):
            raise Conflict(f"A run has '{target.name}'. Wait until it has finished.")


def _record(store: Store, target: Target, actor_name: str, what: str) -> None:
    with store.begin() as session:
        audit.record(
            session,
            actor=actor_name,
            action="target.mended",
            subject=target.name,
            text=f"{actor_name} looked after {target.name} and {what}.",
        )
