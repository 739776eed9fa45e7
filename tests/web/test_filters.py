"""How values look."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from console.web import filters

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (None, "–"),
        (0.2, "under 1 ms"),
        (84.4, "84 ms"),
        (1300, "1.3 s"),
        (125_000, "2 min 5 s"),
        (2 * 3600_000 + 60_000, "2 h 1 min"),
    ],
)
def test_durations_are_in_words(milliseconds, words):
    assert filters.duration(milliseconds) == words


def test_numbers_have_separators():
    assert filters.number(1234567) == "1,234,567"
    assert filters.number(None) == "–"


def test_nouns_follow_their_number():
    assert filters.count(1, "row") == "1 row"
    assert filters.count(3000, "row") == "3,000 rows"
    assert filters.count(2, "loss", "losses") == "2 losses"


def test_moments_are_in_utc_whatever_zone_they_came_in():
    moment = datetime(2026, 11, 22, 9, 40, tzinfo=timezone(timedelta(hours=2)))
    assert filters.isotime(moment) == "2026-11-22T07:40:00.000Z"
    assert filters.utc(moment) == "2026-11-22 07:40:00 UTC"
    assert filters.shown(datetime(2026, 11, 2, 7, 4, tzinfo=UTC)) == "2 Nov 2026, 07:04 UTC"


def test_source_is_escaped_and_coloured_by_classes_alone():
    shown = filters.highlight('x = "<script>"')
    assert "<script>" not in shown
    assert 'class="' in shown
    assert "style=" not in shown


def test_marked_lines_are_marked():
    assert filters.highlight("a = 1\nb = 2\n", "python", (2,)).count('class="hll"') == 1


def test_an_asset_without_a_build_keeps_its_plain_name(app, monkeypatch, tmp_path):
    monkeypatch.setattr(filters, "STATIC", tmp_path)
    with app.test_request_context("/admin/"):
        assert filters.asset("app.css") == "/admin/static/app.css"


def test_an_asset_has_the_name_of_the_newest_build(app, monkeypatch, tmp_path):
    monkeypatch.setattr(filters, "STATIC", tmp_path)
    (tmp_path / "manifest.json").write_text('{"app.css": "app-1234.css"}')
    with app.test_request_context("/admin/"):
        assert filters.asset("app.css") == "/admin/static/app-1234.css"


def test_every_icon_that_a_page_asks_for_is_in_the_sprite():
    known = set((ROOT / "frontend" / "icons.txt").read_text().split())
    asked = set()
    for template in (ROOT / "templates").rglob("*.html"):
        asked |= set(re.findall(r"""\bicon\(["']([\w-]+)["']\)""", template.read_text()))
    assert asked
    assert asked <= known


def test_signs_that_turn_a_line_around_are_pointed_out_in_source():
    shown = filters.highlight("x = 1  # \u202e yes \x0c\n")
    assert 'title="right-to-left override">U+202E</mark>' in shown
    assert 'title="control character">U+000C</mark>' in shown
    assert "\u202e" not in shown
    assert "U+" not in filters.highlight("x = 'שלום'\r\n\ty = 2\n")
    assert "U+2066" in filters.highlight("SELECT 'a\u2066b'", "sql")
