"""list_page: the page that people live in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from flask import redirect, request
from flask_admin import expose

from console.admin.columns import Cells, Column
from console.admin.fetch import fetch
from console.admin.filters import Filter, choices, operator_words, operators_of
from console.admin.keys import url_key
from console.admin.listing import Listing, Rules, from_panel, read_listing
from console.admin.lookup import FIRST, find_one, look_up
from console.admin.outline import Attribute
from console.admin.pages import HEAVY, Pages
from console.admin.rows import title_of
from console.admin.shape import Shape


@dataclass(frozen=True)
class Chip:
    """A filter at work: its words, and the list without it."""

    words: str
    url: str


@dataclass(frozen=True)
class PanelField:
    """One attribute of the filter panel: what can be asked, and what is asked now."""

    attribute: Attribute
    operators: tuple[tuple[str, str], ...]
    operator: str
    value: str
    to: str
    choices: tuple[tuple[str, str], ...]
    input_type: str

    @property
    def operator_names(self) -> tuple[str, ...]:
        """What can be asked, by name."""
        return tuple(name for name, _ in self.operators)


class ListPage(Pages):
    """`/admin/products?q=lamp&active=1&price_gt=500&sort=-price`."""

    page_size = 25
    page_size_options = (10, 25, 50, 100)

    @expose("/")
    @expose("")
    def index_view(self) -> Any:
        """The list; a submitted filter panel is sent on to the address that it means."""
        meant = from_panel(request.args.items(multi=True))
        if meant is not None:
            return redirect(self.url_to("index") + (f"?{urlencode(meant)}" if meant else ""))
        shape = self.shape()
        if not shape.exists:
            return self.missing_page(shape)
        listing = read_listing(request.args.items(multi=True), self.rules(shape))
        columns = self.columns(shape)
        page = fetch(self.db_session, shape, listing, self.searchable(), [c.name for c in columns])
        cells = Cells(self, self.outline, shape, page.counts, self.url_of_row, self.url_of_children)
        return self.render(
            self.list_template,
            page=page,
            listing=page.listing,
            columns=columns,
            cell=cells.cell,
            chips=self._chips(page.listing),
            panel=self._panel(page.listing, shape),
            notices=self.notices(shape),
            key=lambda row: url_key(self.outline.mapper, row),
            row_title=lambda row: title_of(self.outline, row),
            page_numbers=page_numbers(page.listing.page, page.last),
            sizes=sorted({*page.listing.rules.page_sizes, page.listing.page_size}),
            without_search=page.listing.without_search(),
            is_searchable=bool(self.searchable()),
            here=self.list_url(page.listing),
            sort_url=lambda column: self.list_url(page.listing.sorted_by(column.attribute)),
            is_sortable=self._is_sortable,
            page_url=lambda number: self.list_url(_at_page(page.listing, number)),
            actions=self.bulk_actions(),
        )

    def rules(self, shape: Shape) -> Rules:
        """What this list allows now."""
        sizes = tuple(
            size for size in (o if isinstance(o, int) else o[0] for o in self.page_size_options)
        )
        return Rules(
            outline=self.outline,
            filterable=self.filterable(),
            sortable=self.sortable(),
            missing=shape.missing_names(self.outline),
            default_sort=_default_sort(self.column_default_sort),
            page_size=self.page_size,
            page_sizes=sizes or (self.page_size,),
        )

    def filterable(self) -> frozenset[str]:
        """The names in `column_filters`; every attribute that can be asked about by default."""
        if self.column_filters is None:
            return frozenset(a.name for a in self.outline.attributes if operators_of(a))
        return self._names(self.column_filters)

    def sortable(self) -> frozenset[str]:
        """The names in `column_sortable_list`; everything short by default."""
        if self.column_sortable_list is None:
            return frozenset(
                a.name for a in self.outline.attributes if a.relation or a.kind not in HEAVY
            )
        return self._names(self.column_sortable_list)

    def searchable(self) -> tuple[str, ...]:
        """The names in `column_searchable_list`; every text by default."""
        if self.column_searchable_list is None:
            texts = ("text", "long text")
            return tuple(
                a.name for a in self.outline.attributes if a.kind in texts and not a.relation
            )
        return tuple(getattr(name, "key", name) for name in self.column_searchable_list)

    def _names(self, declared: Any) -> frozenset[str]:
        found = set()
        for entry in declared:
            name = entry[0] if isinstance(entry, tuple) else getattr(entry, "key", entry)
            attribute = self.outline.attribute(name) if isinstance(name, str) else None
            if attribute is not None:
                found.add(attribute.name)
        return frozenset(found)

    def _is_sortable(self, column: Column) -> bool:
        return column.attribute is not None and column.attribute.name in self.sortable()

    def bulk_actions(self) -> list[tuple[str, str]]:
        """What can be done to several rows: (name, words); `DeletePage` knows."""
        return []

    def _chips(self, listing: Listing) -> list[Chip]:
        return [Chip(self._words(f), self.list_url(listing.without(f))) for f in listing.filters]

    def _words(self, found: Filter) -> str:
        if found.attribute.relation is not None and found.operator in ("eq", "not"):
            row = find_one(self.db_session, found.attribute, None, found.text)
            word = operator_words(found.attribute, found.operator)
            return f"{found.attribute.label} {word} {row.text if row else found.text}"
        return found.words

    def _rows_to_choose(self, attribute: Attribute, value: str) -> tuple[tuple[str, str], ...]:
        """The row that is asked for and the first others; a lookup finds the rest."""
        found, _ = look_up(self.db_session, attribute, None, "", 1, FIRST)
        rows = list(found)
        if value and value not in {row.value for row in rows}:
            chosen = find_one(self.db_session, attribute, None, value)
            rows = [chosen, *rows] if chosen is not None else rows
        return tuple((row.value, row.label) for row in rows)

    def _panel(self, listing: Listing, shape: Shape) -> list[PanelField]:
        names = self.filterable()
        shown = [
            a
            for a in self.outline.attributes
            if a.name in names and shape.has(a.column) and operators_of(a)
        ]
        return [self._panel_field(a, listing) for a in shown]

    def _panel_field(self, attribute: Attribute, listing: Listing) -> PanelField:
        asked = next((f for f in listing.filters if f.attribute == attribute), None)
        operators = [(o, operator_words(attribute, o)) for o in operators_of(attribute)]
        if attribute.is_nullable:
            operators.append(("filled", "is not empty"))
        operator, value, to = "", "", ""
        if asked is not None:
            operator, value = asked.operator, asked.text
            if operator == "between":
                value, _, to = asked.text.partition("..")
            if operator == "empty":
                operator, value = ("empty" if asked.value else "filled"), ""
        is_day = attribute.kind in ("date", "datetime") and len(value) in (0, 10)
        return PanelField(
            attribute,
            tuple(operators),
            operator,
            value,
            to,
            self._rows_to_choose(attribute, value) if attribute.relation else choices(attribute),
            "date" if is_day else "text",
        )


def page_numbers(page: int, last: int) -> list[int | None]:
    """The pages to link: the first, the last and those around this one; None is a gap."""
    near = sorted({1, last, *range(max(1, page - 2), min(last, page + 2) + 1)})
    found: list[int | None] = []
    for number in near:
        before = found[-1] if found else None
        if before is not None and number > before + 1:
            found.append(None)
        found.append(number)
    return found


def _at_page(listing: Listing, number: int) -> Listing:
    return replace(listing, page=number)


def _default_sort(declared: Any) -> tuple[tuple[str, bool], ...]:
    """Flask-Admin's `column_default_sort`: a name, (name, descending), or a list of these."""
    if not declared:
        return ()
    entries = declared if isinstance(declared, list) else [declared]
    found = []
    for entry in entries:
        name, descending = entry if isinstance(entry, tuple) else (entry, False)
        found.append((str(getattr(name, "key", name)), bool(descending)))
    return tuple(found)
