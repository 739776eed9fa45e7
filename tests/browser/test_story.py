"""The story of the README, told to a real Chromium: edit, rehearse, approve, apply, and all the way back."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SECONDS, Visit
from tests.browser.site import Site

pytestmark = pytest.mark.browser

PRICE = "9e2d05c8a314"
RUN = 60 * SECONDS


def product_rows(site: Site) -> list[tuple[object, ...]]:
    """The products as the database holds them, without their price."""
    with closing(sqlite3.connect(site.folder / "instance" / "app.db")) as database:
        return database.execute("SELECT id, name, sku, is_active FROM products").fetchall()


def tables(site: Site) -> set[str]:
    with closing(sqlite3.connect(site.folder / "instance" / "app.db")) as database:
        found = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {name for (name,) in found} - {"alembic_version"}


def open_review(page: Page, link: str) -> str:
    """Open a review from the history page by one of its links; returns the review's address."""
    page.goto("/admin/migrations/")
    page.get_by_role("link", name=re.compile(link)).first.click()
    page.get_by_role("button", name="Open the review and rehearse it").click()
    page.wait_for_url(re.compile(r"/admin/reviews/\d+"))
    return page.url


def wait_for_rehearsal(page: Page) -> None:
    """The page follows the run by itself; nobody presses anything."""
    expect(page.get_by_role("heading", name="Schema", exact=True)).to_be_visible(timeout=RUN)


def approve(page: Page, url: str, reason: str = "") -> None:
    page.goto(url)
    if reason:
        page.get_by_label(re.compile("Your reason")).fill(reason)
    page.get_by_role("button", name="Approve this plan").click()
    expect(page.get_by_text("1 of 1 needed").first).to_be_visible()


def test_the_story(site: Site, visit: Visit) -> None:
    before = product_rows(site)
    assert len(before) == 3
    author, approver = visit("author"), visit("approver")

    the_products_page_says_what_is_missing(author)
    review = the_author_opens_a_review(author)
    the_author_cannot_approve_it(author)
    the_approver_applies_it(approver, review)
    assert product_rows(site) == before

    the_approver_edits_a_price_and_finds_it(approver)
    the_way_back_says_what_will_be_lost(author, approver)
    assert product_rows(site) == before
    assert "products" in tables(site)

    a_changed_file_voids_the_approval(site, author, approver)
    all_the_way_to_base_and_up_again(site, author, approver)
    the_audit_page_tells_it_all(author)


def the_products_page_says_what_is_missing(author: Page) -> None:
    author.goto("/admin/products")
    expect(author.get_by_role("rowheader", name="Lamp")).to_be_visible()
    expect(author.get_by_text("“Add price to products”")).to_be_visible()
    expect(author.get_by_role("link", name="Look at the revision")).to_have_attribute(
        "href", re.compile(PRICE)
    )
    expect(author.get_by_role("columnheader", name=re.compile("Price"))).to_have_count(0)


def the_author_opens_a_review(author: Page) -> str:
    url = open_review(author, "Review the plan to here ?: Add price")
    wait_for_rehearsal(author)
    expect(
        author.get_by_text("products: 3 rows before, 3 after, every earlier value identical")
    ).to_be_visible()
    expect(author.get_by_role("heading", name="Step by step")).to_be_visible()
    expect(author.get_by_text("batch_op.add_column").first).to_be_visible()
    return url


def the_author_cannot_approve_it(author: Page) -> None:
    button = author.get_by_role("button", name="Approve this plan")
    expect(button).to_have_attribute("aria-disabled", "true")
    reason = author.locator("#approve-reason")
    expect(reason).to_contain_text("approv")


def the_approver_applies_it(approver: Page, review: str) -> None:
    approve(approver, review)
    approver.get_by_role("button", name="Apply to default").click()
    expect(
        approver.get_by_text(re.compile("The plan is applied|This plan is applied"))
    ).to_be_visible(timeout=RUN)


def the_approver_edits_a_price_and_finds_it(approver: Page) -> None:
    approver.goto("/admin/products?q=lamp")
    approver.get_by_role("rowheader", name="Lamp").get_by_role("link").click()
    expect(approver.get_by_role("button", name="Save", exact=True)).to_be_visible()
    approver.get_by_label(re.compile("^Price")).fill("1249.50")
    approver.get_by_role("button", name="Save", exact=True).click()
    expect(approver.get_by_text("Lamp was saved")).to_be_visible()
    approver.goto("/admin/products?price_gt=500&sort=-price")
    expect(approver.locator("table tbody tr")).to_have_count(1)
    expect(approver.locator("table tbody tr")).to_contain_text("1,249.50")
    approver.goto("/admin/products?q=lamp")
    expect(approver.locator("table tbody tr")).to_contain_text("1,249.50")


def the_way_back_says_what_will_be_lost(author: Page, approver: Page) -> None:
    url = open_review(author, "Review the way back to here ?: Create products")
    wait_for_rehearsal(author)
    expect(
        author.get_by_text(re.compile("column price removed, 1 value lost")).first
    ).to_be_visible()
    approve(approver, url, reason="The price moves to another table.")
    approver.get_by_role("link", name=re.compile("Apply, although data is lost")).click()
    expect(
        approver.get_by_text(re.compile("column price removed, 1 value lost")).first
    ).to_be_visible()
    approver.get_by_role("button", name=re.compile("Apply")).click()
    expect(
        approver.get_by_text(re.compile("The plan is applied|This plan is applied"))
    ).to_be_visible(timeout=RUN)


def a_changed_file_voids_the_approval(site: Site, author: Page, approver: Page) -> None:
    url = open_review(author, "Review the plan to here ?: Add price")
    wait_for_rehearsal(author)
    approve(approver, url)
    file = next((site.folder / "migrations" / "versions").glob(f"{PRICE}*.py"))
    earlier = file.read_bytes()
    file.write_bytes(earlier.replace(b"precision=10", b"precision=12"))

    # the page that was open still offers the button; the run is refused all the same
    approver.get_by_role("button", name="Apply to default").click()
    expect(approver.get_by_text(re.compile(f"{file.name}.*changed")).first).to_be_visible()
    approver.goto(url)
    expect(approver.get_by_text("Every approval is void")).to_be_visible()
    expect(approver.get_by_text(re.compile(f"{file.name}.*changed")).first).to_be_visible()
    expect(approver.get_by_role("button", name="Apply to default")).to_have_attribute(
        "aria-disabled", "true"
    )

    file.write_bytes(earlier)
    approver.goto(url)
    approver.get_by_role("button", name="Apply to default").click()
    expect(
        approver.get_by_text(re.compile("The plan is applied|This plan is applied"))
    ).to_be_visible(timeout=RUN)


def all_the_way_to_base_and_up_again(site: Site, author: Page, approver: Page) -> None:
    url = open_review(author, "Review the way back to base")
    wait_for_rehearsal(author)
    expect(
        author.get_by_text(re.compile("products: table removed, 3 rows lost")).first
    ).to_be_visible()
    approve(approver, url, reason="We begin again.")
    approver.get_by_role("link", name=re.compile("Apply, although data is lost")).click()
    approver.get_by_role("button", name=re.compile("Apply")).click()
    expect(
        approver.get_by_text(re.compile("The plan is applied|This plan is applied"))
    ).to_be_visible(timeout=RUN)
    assert tables(site) == set()

    for page in ("products", "users", "posts"):
        answer = approver.goto(f"/admin/{page}")
        assert answer is not None
        assert answer.status < 500 or answer.status == 503
        expect(approver.locator("h1")).to_be_visible()

    url = open_review(author, "Review the plan to here ?: Add price")
    wait_for_rehearsal(author)
    approve(approver, url)
    approver.get_by_role("button", name="Apply to default").click()
    expect(
        approver.get_by_text(re.compile("The plan is applied|This plan is applied"))
    ).to_be_visible(timeout=RUN)
    assert tables(site) == {"products", "users", "posts"}


def the_audit_page_tells_it_all(author: Page) -> None:
    author.goto("/admin/audit")
    story = author.locator("main")
    for words in ("opened review 1", "approved review 1", "price of", "Back to base"):
        expect(story.get_by_text(re.compile(words)).first).to_be_visible()
