"""history: a target's revisions and their graph."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from console.schema.errors import AmbiguousRevision, UnknownRevision
from console.schema.folder import Entry, Stamp, list_stamps, read_files
from console.schema.listing import enumerated
from console.schema.revision import Problem, Revision
from console.schema.target import Target
from console.schema.topology import newest_first, on_cycles, reach


@dataclass(frozen=True)
class History:
    """The revisions of one target.

    `revisions` are newest first: every one stands before its parents and what it depends on, and
    broken files are at the end. `heads` have nothing above them and `bases` nothing below, broken
    files not counted. `problems` are those of all files and those of the history as a whole.
    `in_file_order` holds the same revisions as Alembic would load them.
    """

    revisions: tuple[Revision, ...]
    heads: tuple[str, ...]
    bases: tuple[str, ...]
    problems: tuple[Problem, ...] = ()
    in_file_order: tuple[Revision, ...] = ()

    @cached_property
    def by_id(self) -> dict[str, Revision]:
        """Every revision by its full id; a broken file only where no sound one has its id."""
        ordered = sorted(self.in_file_order, key=lambda revision: not revision.is_broken)
        return {revision.id: revision for revision in ordered}

    @cached_property
    def by_label(self) -> dict[str, Revision]:
        """The revisions that carry a branch label, by label; a broken file only where no sound one has it."""
        ordered = sorted(self.in_file_order, key=lambda revision: not revision.is_broken)
        return {label: revision for revision in ordered for label in revision.labels}

    @cached_property
    def below(self) -> dict[str, tuple[str, ...]]:
        """For each id its parents and what it depends on, labels resolved, as far as files exist."""
        return _links(self.in_file_order)

    @cached_property
    def broken(self) -> tuple[Revision, ...]:
        """The files that cannot be used as revisions."""
        return tuple(revision for revision in self.revisions if revision.is_broken)

    def find(self, name: str) -> Revision:
        """Return the revision of a full id, a label, or the beginning of exactly one id.

        Raises UnknownRevision or AmbiguousRevision.
        """
        exact = self.by_id.get(name) or self.by_label.get(name)
        if exact is not None:
            return exact
        found = tuple(sorted(key for key in self.by_id if name and key.startswith(name)))
        if len(found) > 1:
            raise AmbiguousRevision(name, found[:5])
        if not found:
            raise UnknownRevision(name)
        return self.by_id[found[0]]

    def source(self, revision: Revision) -> str:
        """Return the text of a revision's file as it is now; raises OSError if it is gone."""
        return revision.path.read_bytes().decode("utf-8", errors="replace")

    def ancestors(self, ids: Iterable[str]) -> frozenset[str]:
        """Return these revisions and all that they rest on; ids without a file are left out."""
        return reach([name for name in ids if name in self.by_id], self.below)


class Listing(NamedTuple):
    """A history as it was read; `is_settled` if its files were old enough for stamps to tell."""

    stamps: tuple[Stamp, ...]
    is_settled: bool
    entries: Mapping[str, Entry]
    history: History


KEPT = 16  # histories remembered: those of the targets, and of a few snapshots
_listings: dict[tuple[object, ...], Listing] = {}
_lock = Lock()


def read_history(target: Target, *, anew: bool = False) -> History:
    """Return the history that the target's version folders hold; reads files, runs nothing.

    Never raises for what the files contain. The same object comes back while no file changes;
    with `anew` every file is opened, whatever its stamp says.
    """
    key = (target.version_locations, target.recursive_version_locations)
    stamps = list_stamps(target)
    known = _listings.get(key)
    if known is not None and not anew and known.is_settled and known.stamps == stamps:
        return known.history
    read_at = time.time_ns()
    entries = read_files(stamps, known.entries if known else {}, anew=anew)
    history = _unless_same(known, target, tuple(entry.revision for entry in entries.values()))
    is_settled = bool(stamps) and all(stamp.is_settled(read_at) for stamp in stamps)
    with _lock:
        _listings.pop(key, None)
        while len(_listings) >= KEPT:
            del _listings[next(iter(_listings))]
        _listings[key] = Listing(stamps, is_settled, entries, history)
    return history


def _unless_same(known: Listing | None, target: Target, read: tuple[Revision, ...]) -> History:
    """Return the history that is known already if these are its very files, else a new one."""
    before = () if known is None else tuple(e.revision for e in known.entries.values())
    if known is not None and read and list(map(id, before)) == list(map(id, read)):
        return known.history
    return build_history(read, tuple(_problems_of(target.version_locations)))


def _problems_of(folders: Iterable[Path]) -> Iterator[Problem]:
    """What is wrong with folders of revision files themselves."""
    for folder in folders:
        try:
            with os.scandir(folder):
                pass
        except (FileNotFoundError, NotADirectoryError):
            text = "The folder of revision files does not exist."
            yield Problem("missing-folder", text, str(folder))
        except OSError as error:
            text = f"The folder of revision files cannot be read: {error.strerror}."
            yield Problem("unreadable-folder", text, str(folder))


def build_history(read: tuple[Revision, ...], problems: tuple[Problem, ...] = ()) -> History:
    """Return the history of revisions given in the order in which Alembic would load them, with
    everything marked that only shows when they are seen together."""
    below = _links(read)
    files = _mark_cycles(_mark_labels(_mark_duplicates(read)), below)
    sound = [revision for revision in files if not revision.is_broken]
    by_id = {revision.id: revision for revision in sound}
    heads, bases = _heads(sound), tuple(r.id for r in sound if not r.parents)
    order, _ = newest_first(_by_age(sound), below)
    listed = tuple(by_id[name] for name in order)
    listed += tuple(revision for revision in files if revision.is_broken)
    found = list(problems)
    found += [problem for revision in files for problem in revision.problems]
    found += _missing(files)
    if len(heads) > 1:
        message = f"There are {len(heads)} heads ({enumerated(heads)}): 'head' alone is ambiguous."
        found.append(Problem("multiple-heads", message))
    return History(listed, heads, bases, tuple(found), files)


def _by_age(revisions: Iterable[Revision]) -> list[str]:
    """The ids, the youngest first where files state a time, else the last loaded first."""
    stated = [r for r in revisions if r.created_at is not None]
    rest = [r for r in revisions if r.created_at is None]

    def age(revision: Revision) -> float:
        created = revision.created_at
        assert created is not None
        # A time without a zone counts as UTC, so that the order is the same on every machine.
        return (created if created.tzinfo else created.replace(tzinfo=UTC)).timestamp()

    stated.sort(key=age, reverse=True)
    return [r.id for r in reversed(rest)] + [r.id for r in stated]


def _heads(revisions: list[Revision]) -> tuple[str, ...]:
    """The ids that no other revision names as its parent, as Alembic understands heads."""
    parents = {parent for revision in revisions for parent in revision.parents}
    return tuple(revision.id for revision in revisions if revision.id not in parents)


def _links(revisions: Iterable[Revision]) -> dict[str, tuple[str, ...]]:
    """For each id its parents and resolved dependencies that have files."""
    revisions = tuple(revisions)
    known = {label: r.id for r in revisions for label in r.labels} | {r.id: r.id for r in revisions}
    return {
        r.id: tuple(dict.fromkeys(known[n] for n in r.parents + r.depends_on if n in known))
        for r in revisions
    }


def _mark_duplicates(revisions: tuple[Revision, ...]) -> tuple[Revision, ...]:
    """Mark all files that state the same id: which of them is meant cannot be told."""
    often = {
        name
        for name, times in Counter(r.id for r in revisions if not r.is_broken).items()
        if times > 1
    }
    if not often:
        return revisions
    return tuple(
        _broken(r, "duplicate", f"Another file states the id '{r.id}' too.") if r.id in often else r
        for r in revisions
    )


def _mark_labels(revisions: tuple[Revision, ...]) -> tuple[Revision, ...]:
    """Mark files that use a label which another revision has, or that is another's id."""
    seen: dict[str, str] = {r.id: r.id for r in revisions}
    marked = []
    for revision in revisions:
        taken = [x for x in revision.labels if x in seen]
        if taken and not revision.is_broken:
            text = f"Its label '{taken[0]}' is already used by {seen[taken[0]]}."
            revision = _broken(revision, "duplicate-label", text)
        for label in revision.labels:
            seen.setdefault(label, revision.id)
        marked.append(revision)
    return tuple(marked)


def _mark_cycles(
    revisions: tuple[Revision, ...], below: Mapping[str, tuple[str, ...]]
) -> tuple[Revision, ...]:
    """Mark files that rest on themselves by way of others."""
    circular = set(on_cycles([r.id for r in revisions], below))
    if not circular:
        return revisions
    text = "It rests on itself by way of its parents or dependencies."
    return tuple(_broken(r, "cycle", text) if r.id in circular else r for r in revisions)


def _broken(revision: Revision, code: str, message: str) -> Revision:
    """The same revision with one more problem, and broken."""
    problem = Problem(code, message, str(revision.path))
    return replace(revision, problems=(*revision.problems, problem), is_broken=True)


def _missing(revisions: tuple[Revision, ...]) -> list[Problem]:
    """The problems of names that no file carries."""
    ids = {revision.id for revision in revisions}
    names = ids | {label for revision in revisions for label in revision.labels}
    found = []
    for revision in revisions:
        for name in revision.parents:
            if name not in ids:
                text = f"The parent '{name}' of {revision.id} is in no file."
                found.append(Problem("missing-parent", text, str(revision.path)))
        for name in revision.depends_on:
            if name not in names:
                text = f"{revision.id} depends on '{name}', which is in no file."
                found.append(Problem("missing-dependency", text, str(revision.path)))
    return found
