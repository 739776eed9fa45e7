"""record: every change of a row goes to the console's audit trail."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from flask import current_app, flash

from console.admin.access import account
from console.admin.kinds import to_text
from console.admin.words import shortened
from console.services import audit

log = logging.getLogger(__name__)


def record(*, action: str, subject: str, text: str, data: Mapping[str, Any] | None = None) -> None:
    """Write one entry; `text` is the rest of a sentence that begins with the actor's name.

    The row is in a database of its own and is committed already: when the store cannot be written,
    the log and the person hear of it, and the change stands.
    """
    actor = account()
    name = actor.name if actor is not None else "Somebody"
    try:
        audit.write(
            current_app.extensions["console"].store,
            actor=actor or name,
            action=action,
            subject=subject,
            text=f"{name} {text}",
            data=data,
        )
    except Exception:
        log.exception("no audit entry for: %s %s %s", name, text, data)
        flash("The change was saved, but the audit trail could not be written.", "warning")


def as_data(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[str | None]]:
    """Old and new value of every changed field, as texts."""
    return {key: [_text(before.get(key)), _text(value)] for key, value in after.items()}


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    text = to_text(value)
    return text if len(text) <= 10_000 else shortened(text, 10_000)
