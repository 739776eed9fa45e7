"""form_state: a form with everything around it, as its template needs it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from console.admin.cells import Cell
from console.admin.edit import Edit
from console.admin.inline import Children


@dataclass
class FormState:
    """A form with everything around it; what the template needs survives a rollback."""

    edit: Edit
    children: list[Children]
    title: str = ""
    id: str = ""
    facts: list[tuple[str, Cell]] = field(default_factory=list)

    @property
    def errors(self) -> list[tuple[str, str, Any]]:
        """Every error for the summary on top: (id of its input, label, message)."""
        found = []
        for name, messages in self.edit.form.errors.items():
            place = _place(self.edit, name, "")
            found += [(*place, message) for message in messages]
        for children in self.children:
            for edit, name, message in children.errors:
                place = _place(edit, name, f"{edit.prefix}-group")
                found.append((*place, message))
        return found

    @property
    def is_conflict(self) -> bool:
        """Whether somebody else changed the row, or one of its children, meanwhile."""
        return bool(self.edit.differences) or any(c.conflicts for c in self.children)


def _place(edit: Edit, name: str | None, otherwise: str) -> tuple[str, str]:
    if not name:
        return otherwise, edit.title
    return edit.form[name].id, edit.form[name].label.text
