"""listing: the state of a list page, read from its URL and written back into one.

`/admin/products?q=lamp&active=1&price_gt=500&sort=-price,name&page=2&page_size=50`. What cannot be
understood is left out and said in `notices`; a list page never fails for its URL.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from console.admin.filters import Filter, parameters, read_filter
from console.admin.kinds import Invalid
from console.admin.outline import Attribute, Outline

MOST_FILTERS = 20
MOST_SORTS = 5
LAST_PAGE = 1_000_000_000


@dataclass(frozen=True)
class Sort:
    """One column of the order."""

    attribute: Attribute
    descending: bool

    @property
    def text(self) -> str:
        """`-price`."""
        return f"{'-' if self.descending else ''}{self.attribute.parameter}"


@dataclass(frozen=True)
class Rules:
    """What a list allows: names of attributes, and sizes of a page."""

    outline: Outline
    filterable: frozenset[str]
    sortable: frozenset[str]
    missing: frozenset[str] = frozenset()
    default_sort: tuple[tuple[str, bool], ...] = ()
    page_size: int = 25
    page_sizes: tuple[int, ...] = (10, 25, 50, 100)


@dataclass(frozen=True)
class Listing:
    """What one list page shows."""

    rules: Rules
    search: str = ""
    sorts: tuple[Sort, ...] = ()
    page: int = 1
    page_size: int = 25
    filters: tuple[Filter, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def is_narrowed(self) -> bool:
        """Whether a search or filter is at work."""
        return bool(self.search or self.filters)

    def arguments(self) -> list[tuple[str, str]]:
        """The URL parameters of this very page, defaults left out."""
        found = [("q", self.search)] if self.search else []
        found += [(f.parameter, f.text) for f in self.filters]
        if self.sorts and self.sorts != default_sorts(self.rules):
            found.append(("sort", ",".join(sort.text for sort in self.sorts)))
        if self.page > 1:
            found.append(("page", str(self.page)))
        if self.page_size != self.rules.page_size:
            found.append(("page_size", str(self.page_size)))
        return found

    def without(self, leaving: Filter) -> Listing:
        """The same list without one of its filters."""
        return replace(self, page=1, filters=tuple(f for f in self.filters if f != leaving))

    def without_search(self) -> Listing:
        """The same list with its filters only."""
        return replace(self, page=1, search="")

    def cleared(self) -> Listing:
        """The same list without search and filters."""
        return replace(self, page=1, search="", filters=())

    def sorted_by(self, attribute: Attribute) -> Listing:
        """The list after a click on a column: first by it, the earlier ones after it; again turns it."""
        first = self.sorts[0] if self.sorts else None
        turned = first is not None and first.attribute == attribute and not first.descending
        rest = [sort for sort in self.sorts if sort.attribute != attribute]
        sorts = (Sort(attribute, turned), *rest)[:MOST_SORTS]
        return replace(self, page=1, sorts=sorts)

    def place(self, attribute: Attribute) -> int:
        """Which place a column has in the order, from 1; 0 if none."""
        return next((n for n, s in enumerate(self.sorts, 1) if s.attribute == attribute), 0)

    def direction(self, attribute: Attribute) -> str:
        """`aria-sort` of a column: "ascending", "descending" or "none"."""
        for sort in self.sorts:
            if sort.attribute == attribute:
                return "descending" if sort.descending else "ascending"
        return "none"


def default_sorts(rules: Rules) -> tuple[Sort, ...]:
    """The order when the URL names none."""
    found = []
    for name, descending in rules.default_sort:
        attribute = rules.outline.attribute(name)
        if attribute is not None and attribute.name not in rules.missing:
            found.append(Sort(attribute, descending))
    return tuple(found)


def read_listing(pairs: Iterable[tuple[str, str]], rules: Rules) -> Listing:
    """Read a URL's parameters; never raises."""
    notices: list[str] = []
    listing = Listing(rules, sorts=default_sorts(rules), page_size=rules.page_size)
    known = parameters(rules.outline, rules.filterable)
    found: list[Filter] = []
    for name, text in pairs:
        if not text.strip():
            continue
        if name == "q":
            listing = replace(listing, search=_search(text, notices))
        elif name == "sort":
            listing = replace(listing, sorts=_sorts(text, rules, notices))
        elif name == "page":
            listing = replace(listing, page=_page(text, notices))
        elif name == "page_size":
            listing = replace(listing, page_size=_page_size(text, rules, notices))
        elif name in known:
            _add_filter(found, *known[name], text, rules, notices)
        else:
            notices.append(f"There is no filter “{name[:60]}” here, so it was left out.")
    return replace(listing, filters=tuple(found), notices=tuple(dict.fromkeys(notices)))


def _add_filter(
    found: list[Filter],
    attribute: Attribute,
    operator: str,
    text: str,
    rules: Rules,
    notices: list[str],
) -> None:
    if attribute.name in rules.missing:
        notices.append(
            f"{attribute.label} cannot be filtered yet: the database does not have this column."
        )
        return
    if len(found) >= MOST_FILTERS:
        notices.append(f"Only the first {MOST_FILTERS} filters were used.")
        return
    try:
        read = read_filter(attribute, operator, text)
    except Invalid as reason:
        notices.append(f"A filter was left out: {attribute.label} {reason}")
        return
    if read not in found:
        found.append(read)


def _search(text: str, notices: list[str]) -> str:
    text = " ".join(text.replace("\x00", " ").split())
    if len(text) > 200:
        notices.append("Only the first 200 characters were searched for.")
    return text[:200]


def _sorts(text: str, rules: Rules, notices: list[str]) -> tuple[Sort, ...]:
    found: dict[str, Sort] = {}
    for part in text.split(",")[:50]:
        name = part.strip().removeprefix("-")
        attribute = rules.outline.attribute(name) if name else None
        if attribute is None or attribute.name not in rules.sortable:
            notices.append(f"The list cannot be sorted by “{part.strip()[:60]}”.")
        elif attribute.name in rules.missing:
            notices.append(
                f"The list cannot be sorted by {attribute.label} yet: "
                "the database does not have this column."
            )
        elif len(found) < MOST_SORTS:
            found.setdefault(attribute.name, Sort(attribute, part.strip().startswith("-")))
    return tuple(found.values()) or default_sorts(rules)


def _page(text: str, notices: list[str]) -> int:
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) < 12 and 1 <= int(text) <= LAST_PAGE:
        return int(text)
    notices.append(f"There is no page “{text[:20]}”; this is the first.")
    return 1


def _page_size(text: str, rules: Rules, notices: list[str]) -> int:
    text = text.strip()
    most = max(rules.page_sizes)
    if text.isascii() and text.isdigit() and len(text) < 9 and int(text) >= 1:
        if int(text) <= most:
            return int(text)
        notices.append(f"A page shows at most {most} rows.")
        return most
    notices.append(f"“{text[:20]}” is no size for a page; it shows {rules.page_size} rows.")
    return rules.page_size


def from_panel(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]] | None:
    """The parameters that a submitted filter panel means; None when the URL came from no panel.

    The panel works without JavaScript, so it sends `price.op=gt&price.value=500`.
    """
    pairs = list(pairs)
    values: dict[str, dict[str, str]] = {}
    rest: list[tuple[str, str]] = []
    for name, text in pairs:
        base, dot, part = name.rpartition(".")
        if dot and part in ("op", "value", "to"):
            values.setdefault(base, {})[part] = text.strip()
        elif text.strip():
            rest.append((name, text))
    if not values and len(rest) == len(pairs):
        return None
    for base, parts in values.items():
        rest += _panel_pair(base, parts)
    return rest


def _panel_pair(base: str, parts: dict[str, Any]) -> list[tuple[str, str]]:
    operator, value, to = parts.get("op", "eq"), parts.get("value", ""), parts.get("to", "")
    if operator in ("empty", "filled"):
        return [(f"{base}_empty", "1" if operator == "empty" else "0")]
    if operator == "between" and (value or to):
        return [(f"{base}_between", f"{value}..{to}")]
    if not value:
        return []
    return [(base if operator == "eq" else f"{base}_{operator}", value)]
