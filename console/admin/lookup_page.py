"""lookup_page: the small JSON answer behind a searchable relation field."""

from __future__ import annotations

from typing import Any

from flask import abort, jsonify, request
from flask_admin import expose

from console.admin import access
from console.admin.form_page import FormPage
from console.admin.lookup import MOST, PAGE, look_up


class LookupPage(FormPage):
    """`/admin/posts/lookup/author?q=ada&page=2`."""

    @expose("/lookup/<relation>")
    def lookup_view(self, relation: str) -> Any:
        """{"items": [{"value", "text", "detail"}], "more": bool}; pages of at most 50 rows."""
        access.require("view")
        attribute = self.outline.attribute(relation)
        if attribute is None or attribute.relation is None or attribute.name != relation:
            abort(404)
        items, more = look_up(
            self.db_session,
            attribute,
            self.lookup_names(attribute),
            request.args.get("q", ""),
            _number("page", 1, 10_000),
            _number("limit", PAGE, MOST),
        )
        found = [{"value": i.value, "text": i.text, "detail": i.detail} for i in items]
        return jsonify({"items": found, "more": more})


def _number(name: str, usual: int, most: int) -> int:
    text = request.args.get(name, "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else usual
    return max(1, min(number, most))
