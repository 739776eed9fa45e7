"""The sections at the side."""

from __future__ import annotations


def _links(page):
    return [link.text.strip() for link in page.select("nav[aria-label=Main] a")]


def test_everything_of_the_console_is_one_click_away(app, sign_in, page_of):
    page = page_of(sign_in(app, "administrator"), "/admin/")
    assert _links(page) == [
        "Dashboard",
        "Products",
        "Users",
        "Posts",
        "History",
        "Drift",
        "Reviews",
        "Runs",
        "Audit",
        "Accounts",
    ]


def test_accounts_are_shown_to_those_who_manage_them_only(app, sign_in, page_of):
    assert "Accounts" not in _links(page_of(sign_in(app, "approver"), "/admin/"))


def test_the_place_where_one_is_is_marked(app, sign_in, page_of):
    client = sign_in(app, "author")
    for path, text in (("/admin/", "Dashboard"), ("/admin/reviews/new", "Reviews")):
        current = page_of(client, path).select("nav[aria-label=Main] a[aria-current]")
        assert [link.text.strip() for link in current] == [text]
