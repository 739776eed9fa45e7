"""copy: how a copy of a database was made, as a value."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.engine import URL


@dataclass(frozen=True)
class Copied:
    """A copy: its URL, how it was made in words, and whether every definition in it is spelled as in
    the source (a dump is written anew by the server, and some of it in other words)."""

    url: URL
    how: str
    is_exact: bool = True


def size_in_words(size: int) -> str:
    """Return bytes as people write them: "48 kB"."""
    number = float(size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1024 or unit == "GB":
            break
        number /= 1024
    return f"{number:,.0f} {unit}" if number >= 10 or unit == "bytes" else f"{number:.1f} {unit}"
