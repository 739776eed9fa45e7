"""doctor: what a crash or a hand left behind, and the ways out of each, taken on request only."""

from __future__ import annotations

from collections.abc import Iterator

from console.schema.cancel import Cancelled, never
from console.schema.capture import first_line
from console.schema.clone import find_orphans
from console.schema.diagnosis import Diagnosis, diagnose
from console.schema.halfway import end_session, halfway_of
from console.schema.idle import wait_until_idle
from console.schema.interruption import find_interruption
from console.schema.invalid_index import InvalidIndex, drop_invalid_index, find_invalid_indexes
from console.schema.leftovers import Leftover, find_leftovers, mend_leftover
from console.schema.progress import Progress, silent
from console.schema.rehearsal import remove_orphans
from console.schema.stamp import stamp
from console.schema.target import Target
from console.services.account import Account
from console.services.ailment import Ailment, Remedy
from console.services.execution import Workshop
from console.services.permissions import require
from console.services.queue import active_targets
from console.services.recovery import hanging, recover
from console.services.remedies import interrupted
from console.services.visit import Visit
from console.services.wording import place

IDLE_SECONDS = 30.0
DEAD = "Its worker died: close the run first (`manage.py doctor --fix`), then look again."

UNSEEN = "It says that this was done, of which no schema tells; look at the data first:"


def examine(
    workshop: Workshop,
    target: Target,
    *,
    actor_name: str,
    approver: Account | None = None,
    progress: Progress = silent,
    idle_seconds: float = IDLE_SECONDS,
    cancelled: Cancelled = never,
) -> Iterator[Ailment]:
    """Yield what is wrong with a target, after waiting for sessions that change its schema. Nothing
    is changed before a remedy is taken; `cancelled` is asked while one is that may take long.

    Where the policy asks for reviews, what no review approved can only be taken with an `approver`;
    Forbidden where that account may not approve.
    """
    if approver is not None:
        require(approver, "approve")
    visit = Visit(workshop, target, actor_name, approver, progress, cancelled)
    if ailment := _at_work(visit, idle_seconds):
        yield ailment
        return
    for leftover in find_leftovers(target):
        yield _leftover(visit, leftover)
    for index in find_invalid_indexes(target):
        yield _invalid(visit, index)
    yield from _standing(visit)


def examine_runs(workshop: Workshop) -> Iterator[Ailment]:
    """Yield what killed processes left in the store."""
    if runs := hanging(workshop.store):
        yield Ailment(
            "hanging-run",
            "the runs",
            f"The worker of {'run' if len(runs) == 1 else 'each of the runs'} "
            f"{', '.join(map(str, runs))} died while it worked.",
            (
                Remedy(
                    "recover",
                    "Close an apply by where its database stands; queue a rehearsal again.",
                    take=lambda: recover(workshop),
                ),
            ),
        )


def examine_workspace(workshop: Workshop) -> Iterator[Ailment]:
    """Yield what killed processes left in the workspace."""
    if orphans := find_orphans(workshop.workspace):
        yield Ailment(
            "orphaned-clone",
            "the workspace",
            f"{len(orphans)} clone(s) were left by processes that were killed.",
            (
                Remedy(
                    "clean",
                    "Remove them.",
                    take=lambda: remove_orphans(workshop.workspace, *workshop.targets.values()),
                ),
            ),
            orphans,
        )


def _at_work(visit: Visit, idle_seconds: float) -> Ailment | None:
    """Somebody who is in the middle of it: until then nothing can be told."""
    target = visit.target
    with visit.workshop.store.read() as session:
        is_active = target.name in active_targets(session)
    if is_active:
        is_dead = bool(hanging(visit.workshop.store, target.name))
        return Ailment(
            "run-at-work",
            target.name,
            "A run of the console has this database.",
            advice=DEAD if is_dead else "Wait until it has finished, then look again.",
        )
    busy = wait_until_idle(target, idle_seconds, progress=visit.progress)
    if not busy:
        return None
    halfway = halfway_of(target)
    remedies: tuple[Remedy, ...] = ()
    if halfway is not None and any(f"session {halfway.session_number}:" in one for one in busy):

        def end() -> None:
            end_session(target, halfway.run, idle_seconds)
            visit.record("ended the session of a run that died.")

        remedies = (Remedy("end", "End the session of the run that died.", take=end),)
    return Ailment(
        "session-at-work",
        target.name,
        "Somebody changes the schema at this moment, or what a dead process sent last still runs.",
        remedies,
        busy,
        "Wait until it has finished, then look again.",
    )


def _leftover(visit: Visit, leftover: Leftover) -> Ailment:
    def take() -> None:
        with visit.taking():
            mend_leftover(visit.target, leftover)
        visit.record(f"mended the leftover table {leftover.name}.")

    if leftover.is_only_copy:
        text = f"{leftover.name} holds {leftover.rows} rows, and {leftover.table} is gone."
        remedy = f"Give it its name back: {leftover.table}."
    else:
        text = f"{leftover.name} was left by an interrupted batch operation on {leftover.table}."
        remedy = f"Drop it ({leftover.rows} rows, copied from {leftover.table})."
    return Ailment("leftover-table", visit.target.name, text, (Remedy("clean", remedy, take=take),))


def _invalid(visit: Visit, index: InvalidIndex) -> Ailment:
    name = visit.target.name

    def take() -> None:
        with visit.taking():
            drop_invalid_index(visit.target, index)
        visit.record(f"dropped the invalid index {index}.")

    text = f"The index {index} was never finished: every write keeps it, and no query uses it."
    if index.is_busy:
        advice = "Another session is at it. Wait until it has finished, then look again."
        return Ailment("invalid-index", name, text, (), (index.definition,), advice)
    drop = Remedy(
        "clean",
        "Drop it; then build it again.",
        (f"DROP INDEX CONCURRENTLY {index.source}",),
        take=take,
    )
    return Ailment("invalid-index", name, text, (drop,), (index.definition,))


def _standing(visit: Visit) -> Iterator[Ailment]:
    """Where the schema, the journal and the version table do not say the same."""
    target = visit.target
    found = diagnose(target, progress=visit.progress)
    if found.unknown:
        yield Ailment(
            "unknown-revision",
            target.name,
            f"The database stands at {place(found.unknown)}, which no revision file carries.",
            advice="Bring the missing files back from version control.",
        )
    interruption = find_interruption(target, found, progress=visit.progress)
    if interruption is not None:
        yield interrupted(visit, interruption)
    elif found.is_sound:
        return
    elif found.matches:
        yield _stamped_wrong(visit, found)
    else:
        yield _differs(target, found)


def _differs(target: Target, found: Diagnosis) -> Ailment:
    """The schema fits no place, and no revision explains it; or nobody can tell."""
    if found.difference is None and found.error:
        return Ailment(
            "history-fails",
            target.name,
            f"Whether the schema is what the history makes up to {place(found.heads)} cannot be told, "
            f"since the history does not run so far on an empty database: {found.error}",
            advice="Mend what keeps it from running, then look again.",
        )
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
    why = f" The history cannot be run to its end: {found.error}" if found.error else ""
    return Ailment(
        "schema-differs",
        target.name,
        f"The schema is not what the history makes up to {place(found.heads)}.{why}",
        details=details,
        advice="See `manage.py drift`. Undo by hand what should not be there, or write a revision.",
    )


def _stamped_wrong(visit: Visit, found: Diagnosis) -> Ailment:
    """The schema is exactly that of another place than the version table says, or of several."""
    target = visit.target

    def to(wanted: tuple[str, ...], unseen: tuple[str, ...]) -> Remedy:
        def take() -> None:
            with visit.taking():
                stamp(target, wanted, start=found.heads, fingerprint=found.fingerprint)
            visit.record(f"stamped it with {place(wanted)}.", heads=wanted)

        text = f"Stamp it with {place(wanted)}."
        effect = tuple(f"{UNSEEN} {first_line(sql)}" for sql in unseen)
        return visit.guarded(Remedy("stamp", text, _stamping(target, wanted), effect, take=take))

    places = " or ".join(place(match) for match in found.matches)
    return Ailment(
        "wrong-stamp",
        target.name,
        f"The version table says {place(found.heads)}, and the schema is exactly that of {places}.",
        tuple(map(to, found.matches, found.unseen)),
        advice="Only the data can tell which." if len(found.matches) > 1 else "",
    )


def _stamping(target: Target, heads: tuple[str, ...]) -> tuple[str, ...]:
    """The SQL that a stamp comes to."""
    table = target.version_tables[-1]
    return (
        f"DELETE FROM {table}",  # noqa: S608 - shown, not executed
        *(f"INSERT INTO {table} (version_num) VALUES ('{head}')" for head in heads),  # noqa: S608 - see above
    )
