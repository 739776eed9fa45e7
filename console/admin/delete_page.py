"""delete_page: a page that says in numbers what a deletion takes with it, and then the deletion.

One row (`/admin/products/3/delete`) or several (`/admin/products/bulk`), always in one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import abort, flash, redirect, request
from flask_admin import expose
from sqlalchemy.exc import OperationalError, StatementError

from console.admin import access
from console.admin.deletion import Deletion, Effect, carry_out, preview, rows_with
from console.admin.keys import decode, encode, key_of
from console.admin.outline import Attribute
from console.admin.pages import Pages
from console.admin.record import as_data, record
from console.admin.rows import lock_for_writing, readable, title_of, values_of
from console.admin.shape import Shape
from console.admin.words import counted

MOST = 1000
SHOWN = 20


@dataclass(frozen=True)
class Consequence:
    """One line of the confirmation, with the list of the rows that it counts, if there is one."""

    effect: Effect
    url: str | None

    @property
    def words(self) -> str:
        """ "3 posts will be deleted"."""
        return self.effect.words


class DeletePage(Pages):
    """Deleting one row, or those that were ticked."""

    @expose("/<id>/delete", methods=("GET", "POST"))
    def delete_view(self, id: str) -> Any:
        """Ask, in numbers; then delete."""
        return self._delete([id], self.url_to("delete", id=id))

    @expose("/bulk", methods=("POST",))
    def action_view(self) -> Any:
        """What was chosen for the ticked rows; only deleting is built in."""
        access.require("edit-data")
        ids = list(dict.fromkeys(request.form.getlist("row")))[: MOST + 1]
        if not ids:
            flash(f"Tick the {self.many} first, then choose what to do with them.", "warning")
            return redirect(self.back_url())
        if len(ids) > MOST:
            flash(
                f"At most {MOST:,} {self.many} can be deleted at once. Nothing was changed.",
                "warning",
            )
            return redirect(self.back_url())
        if request.form.get("action") != "delete":
            abort(404)
        return self._delete(ids, self.url_to("action"))

    def bulk_actions(self) -> list[tuple[str, str]]:
        """Deleting, for those who may."""
        return [("delete", "Delete")] if self.may_delete else []

    def _delete(self, ids: list[str], url: str) -> Any:
        access.require("edit-data")
        shape = self.shape()
        if not shape.exists:
            return self.missing_page(shape)
        if not self.can_delete:
            abort(404)
        confirmed = request.form.get("_confirm")
        if confirmed:
            lock_for_writing(self.db_session, self.outline)
        rows = self._rows(shape, ids)
        if not rows:
            return self.render("admin/gone.html", id=", ".join(ids)[:60]), 404
        keys = tuple(key_of(self.outline.mapper, row) for row in rows)
        deletion = preview(self.db_session, self.outline, keys)
        if confirmed and confirmed == deletion.fingerprint and deletion.is_possible:
            return self._carry_out(shape, rows, deletion)
        if confirmed:
            self.db_session.rollback()
            rows = self._rows(shape, ids)
        page = self.render(
            "admin/delete.html",
            deletion=deletion,
            consequences=[Consequence(e, self._url_of(e, deletion)) for e in deletion.effects],
            titles=[
                (title_of(self.outline, row), self.row_url(encode(key)))
                for row, key in zip(rows[:SHOWN], keys, strict=False)
            ],
            count=len(keys),
            gone=len(ids) - len(keys),
            ids=[encode(key) for key in keys],
            url=url,
            back=self.back_url(),
            is_changed=bool(confirmed),
        )
        return (page, 409) if confirmed else page

    def _rows(self, shape: Shape, ids: list[str]) -> list[Any]:
        keys = [key for key in (decode(self.outline.mapper, id) for id in ids) if key is not None]
        if not keys:
            return []
        found: list[Any] = []
        for start in range(0, len(keys), 100):
            where = rows_with(self.outline, tuple(keys[start : start + 100]))
            statement = readable(self.outline, shape).where(where)
            statement = statement.order_by(*self.outline.mapper.primary_key)
            found += self.db_session.scalars(statement)
        return found

    def _carry_out(self, shape: Shape, rows: list[Any], deletion: Deletion) -> Any:
        titles = [title_of(self.outline, row) for row in rows]
        entries = [
            (encode(key), title, values_of(self.outline, shape, row))
            for key, title, row in zip(deletion.keys, titles, rows, strict=True)
        ]
        taken = [
            e.words.replace(" will be ", " were ").replace(" will lose ", " lost ")
            for e in deletion.effects
        ]
        try:
            carry_out(self.db_session, deletion, shape)
            self.db_session.commit()
        except OperationalError:
            raise
        except StatementError:
            self.db_session.rollback()
            flash(f"The database refused to delete this. No {self.one} was deleted.", "error")
            return redirect(self.back_url())
        beside = f" ({'; '.join(taken)})" if taken else ""
        for id, title, values in entries:
            record(
                action=f"{self.one}.deleted",
                subject=f"{self.one} {id}",
                text=f"deleted {self.one} {title}{beside if len(entries) == 1 else ''}.",
                data=as_data(values, dict.fromkeys(values)),
            )
        what = titles[0] if len(titles) == 1 else counted(len(titles), self.one, self.many)
        flash(f"{what} {'was' if len(titles) == 1 else 'were'} deleted{beside}.", "success")
        return redirect(self.back_url())

    def _url_of(self, effect: Effect, deletion: Deletion) -> str | None:
        """The list of the rows that an effect counts, when one filter can say so."""
        if effect.depth != 1 or len(deletion.keys) != 1 or len(effect.columns) != 1:
            return None
        for view in self.admin._views if self.admin is not None else ():
            if isinstance(view, Pages) and view.outline.mapper.local_table is effect.table:
                return _filtered(view, effect.columns[0], deletion.keys[0])
        return None


def _filtered(view: Pages, column: Any, key: tuple[Any, ...]) -> str | None:
    found: Attribute | None = next((a for a in view.outline.attributes if a.column is column), None)
    if found is None or found.name not in view.filterable() or not view.is_accessible():
        return None
    return view.url_to("index", **{found.parameter: encode(key)})
