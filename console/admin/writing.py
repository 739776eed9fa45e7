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
from console.admin.rows import title_of, values_of
from console.admin.saving import insert_row, update_row
from console.admin.sentences import Done
from console.admin.shape import Shape
from console.admin.words import shortened

if TYPE_CHECKING:
    from console.admin.pages import Pages


class Refused(Exception):
    """Something is wrong with what was typed; the errors stand at the fields already."""


def write_all(view: Pages, shape: Shape, edit: Edit, children: list[Children]) -> list[Done]:
    """Write the row, then its children; returns what was done, the row itself first.

    Raises Refused, with errors at the fields, or the driver's StatementError for what only the
    database finds out.
    """
    session = view.db_session
    _check(view, edit)
    changes = edit.changes()
    done: list[Done] = []
    if edit.row is None:
        key = insert_row(session, edit.outline, shape, changes, view.build_new_instance())
        done.append(_created(view.one, edit, key, changes))
    else:
        key = key_of(edit.outline.mapper, edit.row)
        title = title_of(edit.outline, edit.row)
        update_row(session, edit.outline, shape, edit.row, changes)
        if changes:
            before = {name: edit.current[name] for name in changes}
            done.append(Done("edited", view.one, encode(key), title, edit.outline, before, changes))
    for group in children:
        done += _write_children(view, group, key)
    return done


def _created(one: str, edit: Edit, key: tuple[Any, ...], values: dict[str, Any]) -> Done:
    title = edit.outline.title
    name = str(values.get(title.key) or "") if title is not None else ""
    return Done(
        "created", one, encode(key), shortened(name) or encode(key), edit.outline, {}, values
    )


def _check(view: Pages, edit: Edit, extra: dict[str, Any] | None = None) -> None:
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
        lambda id: view.url_of_row(model, id) or "#",
    )
    found = violations(view.db_session, candidate)
    for violation in found:
        for name in violation.names or ("",):
            edit.form.add_error(name, violation.message)
    if found:
        raise Refused


def _write_children(view: Pages, group: Children, parent: tuple[Any, ...]) -> list[Done]:
    if not group.exists or len(parent) != 1:
        return []
    column: Any = group.collection.foreign_key
    owner = group.outline.mapper.get_property_by_column(column).key
    done: list[Done] = []
    refused = False
    for edit in group.active:
        try:
            found = _write_child(view, group, edit, {owner: parent[0]})
        except Refused:
            refused = True
            continue
        except StatementError as error:
            violation = explain(error, group.outline)
            for name in violation.names or ("",):
                edit.form.add_error(name, violation.message)
            raise Refused from None
        if found is not None:
            done.append(found)
    if refused:
        raise Refused
    return done


def _write_child(view: Pages, group: Children, edit: Edit, owner: dict[str, Any]) -> Done | None:
    session = view.db_session
    if edit.is_removed:
        return _remove_child(view, group, edit)
    changes = edit.changes()
    if edit.row is not None and not changes:
        return None
    _check(view, edit, owner if edit.row is None else None)
    if edit.row is None:
        instance = group.outline.mapper.class_manager.new_instance()
        values = {**changes, **owner}
        key = insert_row(session, group.outline, group.shape, values, instance)
        return _created(group.one, edit, key, values)
    key = key_of(group.outline.mapper, edit.row)
    before = {name: edit.current[name] for name in changes}
    update_row(session, group.outline, group.shape, edit.row, changes)
    return Done("edited", group.one, encode(key), edit.title, group.outline, before, changes)


def _remove_child(view: Pages, group: Children, edit: Edit) -> Done:
    key = key_of(group.outline.mapper, edit.row)
    deletion = preview(view.db_session, group.outline, (key,))
    if not deletion.is_possible:
        words = "; ".join(e.words for e in deletion.effects if e.kind == "block")
        edit.form.form_errors.append(f"{edit.title or encode(key)} cannot be deleted: {words}.")
        raise Refused
    before = values_of(group.outline, group.shape, edit.row)
    carry_out(view.db_session, deletion, group.shape)
    gone = dict.fromkeys(before)
    return Done("deleted", group.one, encode(key), edit.title, group.outline, before, gone)
