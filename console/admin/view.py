"""view: the ModelView that an adopter uses or subclasses."""

from __future__ import annotations

from typing import Any

from console.admin.delete_page import DeletePage
from console.admin.list_page import ListPage
from console.admin.lookup_page import LookupPage
from console.admin.pages import names_for

# Blueprints and paths of the console itself, below the same prefix.
TAKEN = {
    "admin", "static", "accounts", "audit", "migrations", "reviews", "runs", "sign-in", "sign-out",
    "password", "theme",
}  # fmt: skip


class ConsoleModelView(DeletePage, LookupPage, ListPage):
    """A model in the console: list, search, filters, sorting, forms, deleting.

    It takes Flask-Admin's options by their names, all of them optional: `column_list`,
    `column_labels`, `column_descriptions`, `column_formatters`, `column_searchable_list`,
    `column_filters`, `column_sortable_list`, `column_default_sort`, `form_columns`,
    `form_excluded_columns`, `inline_models`, `form_ajax_refs`, `can_create`, `can_edit`,
    `can_delete`, `page_size`, `page_size_options`. `singular_name` and `plural_name` say what a row
    is called. A relation to many in `column_list` is counted; one in `inline_models` is edited in
    the form.
    """

    def __init__(
        self,
        model: type[Any],
        session: Any,
        name: str | None = None,
        category: str | None = None,
        endpoint: str | None = None,
        url: str | None = None,
        **options: Any,
    ) -> None:
        table, heading = names_for(model)
        place = f"data-{table}" if table in TAKEN or table.startswith("console_") else table
        super().__init__(
            model,
            session,
            name=name or heading,
            category=category,
            endpoint=endpoint or f"console_data_{table.replace('.', '_')}",
            url=url or place,
            **options,
        )
