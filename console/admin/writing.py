"""writing: a row and its inline children, checked and written in one transaction.

Nothing is committed here: the page commits, so that all of it happens or nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import StatementError

from console.admin.constraints import Candidate, violations
from console.admin.deletion import carry_out, preview
from console.admin.edit import Edit
from console.admin.inline import Children
from console.admin.integrity import explain
from console.admin.keys import encode, key_of
from console.admin.saving import insert_row, update_row
from console.admin.shape import Shape
from console.admin.words import counted, singular

if TYPE_CHECKING:
    from console.admin.pages import Pages


class Refused(Exception):
    """Something is wrong with what was typed; the errors stand at the fields already."""


def write_all(
    view: Pages, shape: Shape, edit: Edit, children: list[Children]
) -> tuple[tuple[Any, ...], list[str]]:
    """Write the row, then its children; returns its key and, in words, what happened to them.

    Raises Refused, with errors at the fields, or the driver's StatementError for what only the
    database finds out.
    """
    session = view.db_session
    _check(view, edit, view.url_of_row)
    changes = edit.changes()
    if edit.row is None:
        key = insert_row(session, edit.outline, shape, changes, view.build_new_instance())
    else:
        key = key_of(edit.outline.mapper, edit.row)
        update_row(session, edit.outline, shape, edit.row, changes)
    notes = []
    for group in children:
        notes += _write_children(view, group, key)
    return key, notes


def _check(view: Pages, edit: Edit, url_of_row: Any, extra: dict[str, Any] | None = None) -> None:
    values = {**edit.current, **edit.values(), **(extra or {})}
    changes = edit.changes()
    key = key_of(edit.outline.mapper, edit.row) if edit.row is not None else None
    model = edit.outline.mapper.class_
    candidate = Candidate(
        edit.outline,
        edit.shape,
        values,
        frozenset(changes),
        key,
        lambda id: url_of_row(model, id) or "#",
    )
    found = violations(view.db_session, candidate)
    for violation in found:
        for name in violation.names or ("",):
            edit.form.add_error(name, violation.message)
    if found:
        raise Refused


def _write_children(view: Pages, group: Children, parent: tuple[Any, ...]) -> list[str]:
    if not group.exists or len(parent) != 1:
        return []
    column: Any = group.collection.foreign_key
    owner = group.outline.mapper.get_property_by_column(column).key
    numbers = {"added": 0, "changed": 0, "deleted": 0}
    refused = False
    for edit in group.active:
        try:
            done = _write_child(view, group, edit, owner, parent[0])
        except Refused:
            refused = True
            continue
        except StatementError as error:
            found = explain(error, group.outline)
            for name in found.names or ("",):
                edit.form.add_error(name, found.message)
            raise Refused from None
        if done:
            numbers[done] += 1
    if refused:
        raise Refused
    one = singular(group.label).lower()
    return [f"{verb} {counted(n, one, group.label.lower())}" for verb, n in numbers.items() if n]


def _write_child(view: Pages, group: Children, edit: Edit, owner: str, parent: Any) -> str:
    session = view.db_session
    if edit.is_removed:
        return _remove_child(view, group, edit)
    changes = edit.changes()
    if edit.row is not None and not changes:
        return ""
    _check(view, edit, view.url_of_row, {owner: parent} if edit.row is None else None)
    if edit.row is not None:
        update_row(session, group.outline, group.shape, edit.row, changes)
        return "changed"
    instance = group.outline.mapper.class_manager.new_instance()
    insert_row(session, group.outline, group.shape, {**changes, owner: parent}, instance)
    return "added"


def _remove_child(view: Pages, group: Children, edit: Edit) -> str:
    key = key_of(group.outline.mapper, edit.row)
    deletion = preview(view.db_session, group.outline, (key,))
    if not deletion.is_possible:
        words = "; ".join(e.words for e in deletion.effects if e.kind == "block")
        edit.form.form_errors.append(f"{edit.title or encode(key)} cannot be deleted: {words}.")
        raise Refused
    carry_out(view.db_session, deletion, group.shape)
    return "deleted"
