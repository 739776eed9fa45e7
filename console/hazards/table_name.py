"""table_name: a table's name at one moment of a plan, which may be that of another one at the next."""

from __future__ import annotations

Names = tuple[tuple[str, str], ...]  # (name, what that table was called before the plan)


class TableName(str):
    """A name that a plan has given to a table, or taken from one: `former` is what that table was called
    before the plan, "" for none that was there."""

    __slots__ = ("former",)
    former: str

    def __new__(cls, name: str, former: str) -> TableName:
        self = super().__new__(cls, name)
        self.former = former
        return self


class Renamed:
    """Keeps the names of tables while a plan renames them, one step upon the other."""

    def __init__(self) -> None:
        self._former: dict[str, str] = {}

    def rename(self, old: str, new: str) -> None:
        """Give a table another name; the old one is nobody's from then on."""
        self._former[new] = self._former.pop(old, old)
        self._former[old] = ""

    @property
    def names(self) -> Names:
        """The names that mean another table now than before the plan."""
        return tuple(self._former.items())


def at(name: str, names: Names) -> str:
    """Return a name with what its table was called before the plan, where `names` has it."""
    former = dict(names).get(name)
    return name if former is None else TableName(name, former)
