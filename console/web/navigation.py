"""navigation: the sections at the side of every page, from Flask-Admin's views and our own pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from console.web.access import can, current_console


@dataclass(frozen=True)
class Link:
    """One entry: its words, where it leads, its icon, and whether the page is below it."""

    text: str
    url: str
    icon: str
    is_current: bool


@dataclass(frozen=True)
class Section:
    """A titled group of links; the first has no title."""

    title: str
    links: tuple[Link, ...]


def navigation() -> tuple[Section, ...]:
    """Every section with a link in it that the account may follow."""
    sections = (
        Section("", (_page("Dashboard", "console_dashboard.index", "house"),)),
        Section("Data", tuple(_data_links())),
        Section(
            "Migrations",
            (
                _page("History", "console_history.index", "git"),
                _page("Drift", "console_drift.index", "columns-gap"),
                _page("Reviews", "console_reviews.index", "file-earmark-diff"),
                _page("Runs", "console_runs.index", "play-fill"),
            ),
        ),
        Section("Console", tuple(_console_links())),
    )
    return tuple(section for section in sections if section.links)


def _page(text: str, endpoint: str, icon: str) -> Link:
    blueprint = endpoint.partition(".")[0]
    return Link(text, url_for(endpoint), icon, request.blueprint == blueprint)


def _console_links() -> list[Link]:
    links = [_page("Audit", "console_audit.index", "journal-text")] if can("view-audit") else []
    if can("manage-accounts"):
        links.append(_page("Accounts", "console_accounts.index", "people"))
    return links


def _data_links() -> list[Link]:
    """Flask-Admin's menu, its categories opened, without the dashboard and what is not for this account."""
    links: list[Link] = []
    for item in current_console().admin.menu():
        for entry in item.get_children() if item.is_category() else [item]:
            view: Any = getattr(entry, "_view", None)
            if view is None or view.endpoint == "console_dashboard":
                continue
            if entry.is_accessible() and entry.is_visible():
                icon = entry.get_icon_value() or "table"
                links.append(
                    Link(entry.name, entry.get_url(), icon, request.blueprint == view.endpoint)
                )
    return links
