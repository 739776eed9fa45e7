"""setting: what is said of a thing beside its definition: its owner, who may use it, how it is stored.

A thing that is made again under its name has none of it any more, and no error says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

ALWAYS = ("database", "default")  # kinds of which there is one, whatever is said of it
Thing = tuple[str, str]  # ("table", "products"), ("column", "products.price"), ("schema", "shop")


@dataclass(frozen=True)
class Setting:
    """One of them: `what`, and for whom (`holder`) where it is a right of somebody's; without a `what`
    it says that the thing is there."""

    kind: str
    name: str
    what: str
    holder: str = ""

    @property
    def thing(self) -> Thing:
        """What it is said of."""
        return self.kind, self.name


def lost(
    before: Collection[Setting], after: Collection[Setting], now: Mapping[Thing, Thing]
) -> tuple[str, ...]:
    """Return, in words, what things that are still there have no longer: "products has lost SELECT,
    UPDATE for reporting". `now` are the things of before that are there, by what they are called today;
    what else `after` says something of is called what it was."""
    there = {**{each.thing: each.thing for each in after}, **now}
    kept = {(each.thing, each.what, each.holder) for each in after}
    gone = [
        (there.get(each.thing, each.thing), each)
        for each in before
        if each.what and (each.thing in there or each.kind in ALWAYS)
        if (there.get(each.thing, each.thing), each.what, each.holder) not in kept
    ]
    return tuple(_sentences(gone, "lost"))


def gained(
    before: Collection[Setting], after: Collection[Setting], now: Mapping[Thing, Thing]
) -> tuple[str, ...]:
    """Return, in words, what things that were there before have besides: "products has gained …"."""
    then = {**{each.thing: each.thing for each in before}, **{new: old for old, new in now.items()}}
    known = {(each.thing, each.what, each.holder) for each in before}
    new = [
        (each.thing, each)
        for each in after
        if each.what and (each.thing in then or each.kind in ALWAYS)
        if (then.get(each.thing, each.thing), each.what, each.holder) not in known
    ]
    return tuple(_sentences(new, "gained"))


def _sentences(found: Collection[tuple[Thing, Setting]], verb: str) -> Iterator[str]:
    """One sentence for each thing and each holder."""
    for thing, holder in dict.fromkeys((thing, each.holder) for thing, each in found):
        whats = [each.what for of, each in found if (of, each.holder) == (thing, holder)]
        whom = f" for {holder}" if holder else ""
        yield f"{_called(thing)} has {verb} {', '.join(sorted(whats))}{whom}"


def _called(thing: Thing) -> str:
    """A thing in a sentence: tables and columns by their names alone."""
    kind, name = thing
    if kind == "database":
        return "the database"
    return name if kind in ("table", "column") else f"{kind} {name}".rstrip()
