"""filters: how values look on a page: numbers, durations, moments, code, and the files of the front end."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import url_for
from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from pygments import highlight as pygments_highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from console.schema.visible import HIDDEN, visible

STATIC = Path(__file__).resolve().parent.parent / "static" / "dist"


def asset(name: str) -> str:
    """The URL of a file of the front end by its plain name ("app.css"); the name itself if it is not built."""
    manifest = STATIC / "manifest.json"
    built = manifest.stat().st_mtime_ns if manifest.exists() else 0
    return url_for("console_static.static", filename=_manifest(manifest, built).get(name, name))


@lru_cache(maxsize=2)
def _manifest(path: Path, built: int) -> dict[str, str]:
    return json.loads(path.read_text()) if built else {}


def number(value: float | None) -> str:
    """A number with separators; a dash for None."""
    return "–" if value is None else f"{value:,}"


def count(value: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 row", "3,000 rows"."""
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def duration(milliseconds: float | None) -> str:
    """Milliseconds in words: "84 ms", "1.3 s", "2 min 5 s"."""
    if milliseconds is None:
        return "–"
    if milliseconds < 1:
        return "under 1 ms"
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def in_utc(moment: datetime) -> datetime:
    """The moment in UTC; a naive one is taken as UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def isotime(moment: datetime) -> str:
    """For machines: "2026-11-22T07:40:00Z"."""
    return in_utc(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def utc(moment: datetime) -> str:
    """For people who hover: "2026-11-22 07:40:00 UTC"."""
    return in_utc(moment).strftime("%Y-%m-%d %H:%M:%S UTC")


def shown(moment: datetime) -> str:
    """For a page before, or without, JavaScript: "22 Nov 2026, 07:40 UTC"."""
    return in_utc(moment).strftime("%-d %b %Y, %H:%M UTC")


def elapsed(start: datetime | None, end: datetime | None) -> float | None:
    """Milliseconds between two moments, None while one is missing."""
    if start is None or end is None:
        return None
    return (in_utc(end) - in_utc(start)).total_seconds() * 1000


def highlight(source: str, language: str = "python", lines: tuple[int, ...] = ()) -> Markup:
    """Source with Pygments' classes, no colours of its own; `lines` (from 1) are marked.

    `language` is "python", "sql" or "text". Signs that would hide something are shown by their numbers.
    """
    lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    formatter = HtmlFormatter(nowrap=True, hl_lines=lines)
    shown = pygments_highlight(source, lexer, formatter)  # which escapes it
    return Markup(HIDDEN.sub(_pointed_out, shown))  # noqa: S704 - see above


def _pointed_out(sign: re.Match[str]) -> str:
    number = f"U+{ord(sign[0]):04X}"
    name = unicodedata.name(sign[0], "control character").lower()
    return f'<mark class="hidden-sign" title="{name}">{number}</mark>'


@pass_context
def undeceiving(context: Context, value: Any) -> Any:
    """What a template prints, without signs that hide something; the pages of data, whose fields are
    saved again, are left alone."""
    is_text = type(value) is str and not (context.name or "").startswith("admin/")
    return visible(value) if is_text else value


def register(environment: Environment) -> None:
    """Give every template these names, and print nothing that deceives."""
    environment.finalize = undeceiving
    environment.globals.update(asset=asset, elapsed=elapsed)
    environment.filters.update(
        number=number,
        count_of=count,
        duration=duration,
        datetime=shown,
        isotime=isotime,
        utc=utc,
        highlight=highlight,
    )
