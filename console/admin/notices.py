"""notices: which pending revision brings what a page misses, with a link to its review or its script."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass

from flask import current_app, request, url_for
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.routing import BuildError

from console.admin.words import label_of, listed
from console.schema.errors import SchemaError
from console.schema.revision import Revision
from console.services import reviews
from console.services.errors import ServiceError
from console.services.revisions import pending_scripts

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Notice:
    """What is missing, in a sentence, and where to go for it."""

    title: str
    text: str
    url: str
    link: str


def missing_columns_notice(table: str, columns: Iterable[str]) -> Notice:
    """The notice for columns that the model has and the table has not."""
    names = [label_of(name) for name in sorted(columns)]
    many = len(names) > 1
    title = f"{listed(names)} {'are' if many else 'is'} not in the database yet"
    pending = _pending_that_names(table, tuple(columns))
    if pending is None:
        text = (
            f"This page shows the other columns meanwhile. No pending revision mentions "
            f"{'them' if many else 'it'}; `manage.py makemigrations` writes one."
        )
        return Notice(title, text, _index_url(), "Look at the migrations")
    target, revision = pending
    text = (
        f"This page works without {'them' if many else 'it'} meanwhile. The pending revision "
        f"“{revision.message}” ({revision.id}) brings {'them' if many else 'it'}."
    )
    return Notice(title, text, *_way_to(target, revision))


def missing_table_notice(table: str) -> Notice:
    """The notice for a whole table that is not there."""
    pending = _pending_that_names(table, ())
    if pending is None:
        text = f"No pending revision mentions {table}; `manage.py makemigrations` writes one."
        return Notice(
            "This table does not exist in the database yet",
            text,
            _index_url(),
            "Look at the migrations",
        )
    target, revision = pending
    text = f"The pending revision “{revision.message}” ({revision.id}) creates {table}."
    return Notice("This table does not exist in the database yet", text, *_way_to(target, revision))


def _pending_that_names(table: str, columns: tuple[str, ...]) -> tuple[str, Revision] | None:
    """The oldest pending revision whose script names the table and one of the columns."""
    try:
        for name, revision, source in _pending():
            words = set(re.findall(r"\w+", source))
            if table in words and (not columns or words & set(columns)):
                return name, revision
    except (SchemaError, ServiceError, SQLAlchemyError, OSError):
        log.warning("the history cannot be read for a notice on %s", table, exc_info=True)
    return None


def _pending() -> list[tuple[str, Revision, str]]:
    if "console.pending" not in request.environ:
        targets = current_app.extensions["console"].targets
        request.environ["console.pending"] = list(pending_scripts(targets))
    pending: list[tuple[str, Revision, str]] = request.environ["console.pending"]
    return pending


def _way_to(target: str, revision: Revision) -> tuple[str, str]:
    """The review that is open for it, or its script."""
    try:
        store = current_app.extensions["console"].store
        for summary in reviews.list_reviews(store, states=reviews.UNDER_WAY, target=target):
            if _leads_to(summary, revision):
                url = url_for("console_reviews.show", review_id=summary.id)
                return url, "Go to its review"
    except (SQLAlchemyError, ServiceError, BuildError):
        log.warning("the reviews cannot be read for a notice", exc_info=True)
    try:
        return (
            url_for("console_history.revision", target=target, revision=revision.id),
            "Look at the revision",
        )
    except BuildError:
        return _index_url(), "Look at the migrations"


def _leads_to(summary: reviews.ReviewSummary, revision: Revision) -> bool:
    if summary.direction != "up":
        return False
    goal = summary.goal
    is_named = len(goal) > 3 and revision.id.startswith(goal)
    return is_named or goal in ("head", "heads", *revision.labels)


def _index_url() -> str:
    return url_for("console_history.index")
