"""sentences: what happened to a row, for the audit trail and for whoever did it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from console.admin.kinds import to_text
from console.admin.outline import Attribute, Outline
from console.admin.words import listed, shortened

Named = Callable[[Attribute, Any], str]
Verb = Literal["created", "edited", "deleted"]


@dataclass(frozen=True)
class Done:
    """One row written: its key as in URLs, what it was called, and old and new values by key."""

    verb: Verb
    one: str
    id: str
    title: str
    outline: Outline
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def action(self) -> str:
        """ "product.edited"."""
        return f"{self.one}.{self.verb}"

    @property
    def subject(self) -> str:
        """ "product 3"."""
        return f"{self.one} {self.id}"

    def sentence(self, named: Named) -> str:
        """The rest of a sentence that begins with who did it: "changed price of Lamp from 10.00 to 12.00."

        `named` says what a foreign key points at.
        """
        if self.verb != "edited":
            return f"{self.verb} {self.one} {self.title}."
        parts = [
            self._change(key, value, named, is_first=not place)
            for place, (key, value) in enumerate(self.after.items())
        ]
        return f"changed {listed(parts)}."

    def _change(self, key: str, value: Any, named: Named, *, is_first: bool) -> str:
        attribute = self.outline.attribute(key)
        label = attribute.label if attribute else key
        label = label if label.isupper() else label[:1].lower() + label[1:]
        old, new = (_said(attribute, v, named) for v in (self.before.get(key), value))
        of = f" of {self.title}" if is_first else ""
        return f"{label}{of} from {old} to {new}"


def _said(attribute: Attribute | None, value: Any, named: Named) -> str:
    if value is None or value == "":
        return "nothing"
    if attribute is not None and attribute.relation is not None:
        return named(attribute, value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    return shortened(to_text(value), 60)
