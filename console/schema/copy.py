"""copy: how a copy of a database was made, as a value."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.engine import URL

from console.schema.sample import Sample


@dataclass(frozen=True)
class Copied:
    """A copy: its URL, how it was made in words, and whether every definition in it is spelled as in
    the source (a dump is written anew by the server, and some of it in other words). `sample` where it
    does not hold all rows."""

    url: URL
    how: str
    is_exact: bool = True
    sample: Sample | None = None
