"""version: what a row was when its form was opened, so that no one's change is lost unseen.

The originals travel in the form, with their digest. When the row's digest is another one on saving,
somebody changed it meanwhile: the page then shows yours, theirs and the original side by side.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from console.admin.kinds import to_text
from console.admin.outline import Attribute


@dataclass(frozen=True)
class Difference:
    """One field of a conflict, as texts; `original` is None if the form did not say."""

    attribute: Attribute
    original: str | None
    theirs: str
    yours: str


def snapshot(attributes: Iterable[Attribute], values: Mapping[str, Any]) -> dict[str, str]:
    """Each attribute's value as text, by name."""
    return {a.name: normal(to_text(values.get(a.key))) for a in attributes}


def normal(text: str) -> str:
    """A text as a browser sends it back: its line ends alike."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def digest(texts: Mapping[str, str]) -> str:
    """A short fingerprint of a snapshot."""
    return hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()[:24]


def dump(texts: Mapping[str, str]) -> str:
    """A snapshot as it travels in the form."""
    return json.dumps(texts, ensure_ascii=False)


def load(text: str | None) -> dict[str, str]:
    """The snapshot of a form; whatever is no snapshot is an empty one."""
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(key): value for key, value in found.items() if isinstance(value, str)}


def differences(
    attributes: Iterable[Attribute],
    original: Mapping[str, str],
    theirs: Mapping[str, str],
    yours: Mapping[str, str],
) -> tuple[Difference, ...]:
    """Every field that they changed since the form was opened."""
    found = []
    for attribute in attributes:
        name = attribute.name
        then, now = original.get(name), theirs.get(name, "")
        if then != now:
            found.append(Difference(attribute, then, now, yours.get(name, "")))
    return tuple(found)
