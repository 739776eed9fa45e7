import string

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.admin.listing import Rules, from_panel, read_listing
from console.admin.outline import outline_of
from console.shop import Post, Product
from tests.admin.pages import soup


def rules(missing: frozenset[str] = frozenset()) -> Rules:
    outline = outline_of(Product)
    names = frozenset(a.name for a in outline.attributes)
    return Rules(outline, names, names, missing, (("name", False),))


def read(*pairs: tuple[str, str], missing: frozenset[str] = frozenset()):
    return read_listing(pairs, rules(missing))


def test_an_address_is_read_and_written_by_names():
    pairs = [
        ("q", "lamp"),
        ("active", "1"),
        ("price_gt", "500"),
        ("sort", "-price,name"),
        ("page", "2"),
        ("page_size", "50"),
    ]
    listing = read(*pairs)
    assert listing.notices == ()
    assert listing.arguments() == pairs
    assert [f.words for f in listing.filters] == ["Active is yes", "Price more than 500"]


def test_defaults_do_not_stand_in_the_address():
    assert read(("sort", "name"), ("page", "1"), ("page_size", "25"), ("q", " ")).arguments() == []


@pytest.mark.parametrize(
    ("name", "text", "notice"),
    [
        ("colour", "red", "no filter “colour”"),
        ("price_gt", "dear", "Price must be a number"),
        ("price_gt", "1" * 70, "Price must be a number"),
        ("id", "9" * 25, "ID must be between"),
        ("active", "perhaps", "Active is yes or no"),
        ("created_at", "soon", "Created must be a date"),
        ("created_at_gt", "9999-12-31", "too far in the future"),
        ("sort", "colour", "cannot be sorted by “colour”"),
        ("page", "-1", "no page “-1”"),
        ("page", "9" * 30, "no page"),
        ("page", "²", "no page"),
        ("page_size", "0", "no size"),
        ("page_size", "100000", "at most 100 rows"),
        ("name_contains", "a\x00b", "NUL"),
    ],
)
def test_what_cannot_be_used_is_left_out_and_said(name: str, text: str, notice: str):
    listing = read((name, text))
    assert len(listing.notices) == 1
    assert notice in listing.notices[0]
    assert not listing.filters


def test_a_missing_column_is_neither_filtered_nor_sorted_by():
    listing = read(("price_gt", "5"), ("sort", "price"), missing=frozenset({"price"}))
    assert not listing.filters
    assert all("does not have this column" in notice for notice in listing.notices)
    assert len(listing.notices) == 2


def test_clicking_columns_sorts_by_several():
    listing = read()
    name, price = (listing.rules.outline.attribute(n) for n in ("name", "price"))
    assert name is not None
    assert price is not None
    by_price = listing.sorted_by(price)
    assert dict(by_price.arguments()) == {"sort": "price,name"}
    assert dict(by_price.sorted_by(price).arguments()) == {"sort": "-price,name"}
    assert (by_price.direction(price), by_price.place(name)) == ("ascending", 2)


def test_a_relation_and_a_reserved_name_have_parameters_of_their_own():
    author = outline_of(Post).attribute("author")
    assert author is not None
    assert (author.key, author.parameter) == ("author_id", "author")


def test_the_panel_means_a_readable_address():
    assert from_panel(
        [("price.op", "gt"), ("price.value", "500"), ("name.op", "contains"), ("name.value", "")]
    ) == [("price_gt", "500")]
    assert from_panel([("price.op", "between"), ("price.value", "1"), ("price.to", "9")]) == [
        ("price_between", "1..9")
    ]
    assert from_panel([("price.op", "filled")]) == [("price_empty", "0")]
    assert from_panel([("active.value", "1"), ("q", "")]) == [("active", "1")]
    assert from_panel([("q", "lamp")]) is None


NAMES = st.sampled_from(
    ["q", "sort", "page", "page_size", "id", "name", "price", "price_gt", "price_between", "active", "created_at",
     "created_at_lte", "price_empty", "price.op", "price.value", "next"]
) | st.text(max_size=12)  # fmt: skip
TEXTS = st.text(max_size=30) | st.integers().map(str) | st.sampled_from(
    ["-1", "9" * 40, "\x00", "1..", "..", "1..2", "%", "_", "'", "-", ",", "-,-", "1e400", "9999-12-31", "0001-01-01..9999-12-31"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(NAMES, TEXTS), max_size=6))
def test_no_address_breaks_the_reading(pairs: list[tuple[str, str]]):
    listing = read(*pairs)
    again = read_listing(listing.arguments(), listing.rules)
    assert again.arguments() == listing.arguments()


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    pairs=st.lists(st.tuples(NAMES, TEXTS), max_size=4),
    page=st.sampled_from(["products", "users", "posts"]),
)
def test_no_address_gets_a_server_error(
    app: Flask, sign_in, pairs: list[tuple[str, str]], page: str
):
    client = app.extensions.setdefault("test_client", None) or sign_in(app, "author")
    app.extensions["test_client"] = client
    answer = client.get(f"/admin/{page}", query_string=pairs)
    assert answer.status_code in (200, 302)


KEYS = st.text(alphabet=string.printable, min_size=1, max_size=20) | st.integers().map(str)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(key=KEYS, page=st.sampled_from(["", "/edit", "/delete"]), post=st.booleans())
def test_no_key_gets_a_server_error(app: Flask, sign_in, key: str, page: str, post: bool):
    from urllib.parse import quote

    client = app.extensions.setdefault("test_client", None) or sign_in(app, "author")
    app.extensions["test_client"] = client
    url = f"/admin/products/{quote(key, safe='')}{page}"
    answer = client.post(url, data={"name": key, "price": key}) if post else client.get(url)
    assert answer.status_code < 500


def test_notices_stand_on_the_page(app: Flask, sign_in):
    page = soup(sign_in(app, "viewer").get("/admin/products?colour=red&page=7"))
    assert "There is no filter “colour” here" in page.text
    assert "There is no page 7; this is the last." in page.text
