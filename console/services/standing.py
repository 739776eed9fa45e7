"""standing: notices what was applied or undone without the console."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from console.schema.errors import SchemaError
from console.schema.history import History, read_history
from console.schema.standing import read_standing
from console.schema.target import Target, sqlite_file
from console.services import audit
from console.services.queue import active_targets
from console.services.wording import place
from console.store.standing import StandingRow
from console.store.store import Store
from console.store.times import now

log = logging.getLogger(__name__)


def note_standing(store: Store, targets: Mapping[str, Target]) -> tuple[str, ...]:
    """Compare where every target stands with where the console knew it to stand.

    Writes "applied outside the console" to the audit trail for every difference that no run of ours
    explains, and returns these sentences. A target that cannot be read is passed over.
    """
    noticed = [_note(store, target) for target in targets.values()]
    return tuple(sentence for sentence in noticed if sentence)


def lost_file(store: Store, target: Target) -> str | None:
    """That the file of a database is gone which the console knew to stand somewhere, if so."""
    with store.read() as session:
        known = session.get(StandingRow, target.name)
    if known is None or known.identity != _identity(target) or not known.heads:
        return None
    return _gone(target, tuple(known.heads))


def _note(store: Store, target: Target) -> str | None:
    with store.read() as session:
        if target.name in active_targets(session):
            return None  # a run of ours is about to move it
        known = session.get(StandingRow, target.name)
    try:
        history = read_history(target)
        heads = read_standing(target, history).heads
    except (SQLAlchemyError, SchemaError, OSError):
        log.info("Where '%s' stands cannot be read.", target.name)
        return None
    if known is not None and _same(known, target, heads):
        return None
    with store.begin() as session:
        row = session.get(StandingRow, target.name)
        if target.name in active_targets(session) or _moment(row) != _moment(known):
            return None  # somebody was quicker; the next look will tell
        return _write(session, row, target, heads, history)


def _write(
    session: Session,
    row: StandingRow | None,
    target: Target,
    heads: tuple[str, ...],
    history: History,
) -> str | None:
    """Remember the heads; the sentence for the audit trail unless there is nothing to compare."""
    before = tuple(row.heads) if row is not None and row.identity == _identity(target) else None
    if row is None:
        row = StandingRow(target=target.name)
        session.add(row)
    row.identity, row.heads, row.noted_at = _identity(target), sorted(heads), now()
    if before is None:
        return None
    sentence = _gone(target, before) or _sentence(target.name, history, before, heads)
    audit.record(
        session,
        actor=audit.CONSOLE,
        action="target.moved-outside",
        subject=target.name,
        text=sentence,
        data={"before": list(before), "after": list(heads)},
    )
    return sentence


def _gone(target: Target, before: tuple[str, ...]) -> str | None:
    """That the file of an SQLite database is not there any more, if so."""
    file = sqlite_file(target.parsed_url)
    if file is None or file.is_file():
        return None
    return (
        f"The file of {target.name} is gone: {file}. It stood at {place(before)}; nothing was undone, "
        "and the next plan would begin with an empty database. Bring the file back if it was not to go."
    )


def _sentence(name: str, history: History, before: tuple[str, ...], after: tuple[str, ...]) -> str:
    """What happened outside, by the messages of the revisions."""
    had = frozenset(before) | history.ancestors(before)
    has = frozenset(after) | history.ancestors(after)
    said = []
    if has - had:
        said.append(f"{_named(history, has - had)} was applied outside the console")
    if had - has:
        said.append(f"{_named(history, had - has)} was undone outside the console")
    what = " and ".join(said) or "Its version table was changed outside the console"
    return f"{what}: {name} stood at {place(before)} and stands at {place(after)} now."


def _named(history: History, ids: frozenset[str]) -> str:
    """The revisions by their messages, oldest first."""
    known = [r for r in reversed(history.revisions) if r.id in ids]
    names = [f"“{r.message or r.id}”" for r in known]
    return ", ".join([*names, *sorted(ids - {r.id for r in known})])


def _same(row: StandingRow, target: Target, heads: tuple[str, ...]) -> bool:
    return row.identity == _identity(target) and set(row.heads) == set(heads)


def _identity(target: Target) -> str:
    return target.identity[:500]


def _moment(row: StandingRow | None) -> object:
    return None if row is None else row.noted_at
