"""Every page, light and dark, wide and narrow: no axe violation of WCAG 2.2 AA, nothing wider than
the screen, one main heading, and nothing that the content security policy had to refuse."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from contextlib import closing
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from console.services.queue import enqueue
from console.services.runs import get_run
from console.store.drift import DriftRow
from console.store.runner import RunnerRow
from console.store.store import Store
from console.store.times import now
from tests.browser.conftest import SECONDS, sign_in
from tests.browser.site import Site

pytestmark = pytest.mark.browser

WIDTHS = (1280, 375)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]  # what dark may break and light does not
SCHEMES: dict[Literal["light", "dark"], dict[str, Any]] = {
    "light": {"runOnly": TAGS},
    "dark": {"runOnly": {"type": "rule", "values": COLOURS}},
}
VISITOR = ("/admin/sign-in", "/admin/sign-in?next=/admin/products")
APPROVER = (
    "/admin/",
    "/admin/products",
    "/admin/products?q=lamp&active=1&sort=-name",
    "/admin/products?q=nothing+like+it",
    "/admin/products/new",
    "/admin/products/1",
    "/admin/products/1/edit",
    "/admin/products/1/delete",
    "/admin/users",
    "/admin/users/1",
    "/admin/users/1/edit",
    "/admin/users/1/delete",
    "/admin/posts",
    "/admin/posts/new",
    "/admin/posts/1/edit",
    "/admin/migrations/",
    "/admin/migrations/default/9e2d05c8a314",
    "/admin/reviews/",
    "/admin/reviews/new?target=default&goal=9e2d05c8a314",
    "/admin/reviews/new?target=default&goal=base",
    "/admin/reviews/1",
    "/admin/runs/",
    "/admin/runs/2",
    "/admin/runs/4",
    "/admin/runs/4/cancel",
    "/admin/drift/",
    "/admin/drift/default/cancel",
    "/admin/reviews/2",
    "/admin/audit",
    "/admin/password",
    "/admin/no-such-page",
    "/admin/accounts",  # forbidden to an approver
)
VIEWER = ("/admin/products/1", "/admin/reviews/1", "/admin/users")


@pytest.fixture(scope="module")
def reviewed(site: Site, browser: Browser) -> Site:
    """The site with two reviews that have been rehearsed, the second with findings of which one is
    accepted; a comparison that found drift; and a run and a comparison that go on elsewhere."""
    context = browser.new_context(base_url=site.url)
    page = context.new_page()
    sign_in(page, site, "author")
    page.goto("/admin/reviews/new?target=default&goal=9e2d05c8a314")
    page.get_by_role("button", name="Open the review and rehearse it").click()
    expect(page.get_by_role("heading", name="Schema", exact=True)).to_be_visible(
        timeout=60 * SECONDS
    )
    page.goto("/admin/reviews/new?target=default&goal=base")
    page.get_by_role("button", name="Open the review and rehearse it").click()
    expect(page.get_by_role("heading", name="Schema", exact=True)).to_be_visible(
        timeout=60 * SECONDS
    )
    drift(site, page)
    context.close()
    accept_one_finding(site, browser)
    add_what_goes_on(site)
    return site


def drift(site: Site, page: Page) -> None:
    """Change the database by hand, and compare."""
    with closing(sqlite3.connect(site.folder / "instance" / "app.db")) as database:
        database.execute("ALTER TABLE posts ADD COLUMN note TEXT")
        page.goto("/admin/drift/default")
        page.get_by_role("button", name="Compare now").click()
        expect(page.get_by_text("There is drift")).to_be_visible(timeout=60 * SECONDS)
        database.execute("ALTER TABLE posts DROP COLUMN note")


def accept_one_finding(site: Site, browser: Browser) -> None:
    """Accept the first finding of review 2 as the approver."""
    context = browser.new_context(base_url=site.url)
    page = context.new_page()
    sign_in(page, site, "approver")
    page.goto("/admin/reviews/2")
    form = page.locator(".hazard__accept").first
    form.locator("summary").click()
    form.get_by_label("Why it may stay as it is").fill("We begin again.")
    form.get_by_role("button").click()
    expect(page.get_by_text("Accepted by")).to_be_visible()
    context.close()


def add_what_goes_on(site: Site) -> None:
    """A run and a comparison that a worker on another machine has taken: this one leaves them alone."""
    store = Store(f"sqlite:///{site.folder / 'instance' / 'console.db'}")
    with store.begin() as session:
        tomorrow = now() + timedelta(days=1)
        elsewhere = RunnerRow(kind="worker", host="elsewhere", pid=1, seen_at=tomorrow)
        session.add(elsewhere)
        session.flush()
        rehearsed = get_run(store, 2)
        run = enqueue(
            session, kind="apply", plan=rehearsed.plan, requested_by="Robin", text="The run began."
        )
        run.state, run.runner_id, run.started_at = "running", elsewhere.id, now()
        run.lease_until = tomorrow
        assert run.id == 4
        check = DriftRow(target="default", active_target="default", requested_by="Robin")
        check.state, check.runner_id, check.started_at = "running", elsewhere.id, now()
        check.progress = "Creating what the models say on an empty database"
        session.add(check)
    store.close()


@pytest.mark.parametrize(
    ("role", "paths"), [(None, VISITOR), ("approver", APPROVER), ("viewer", VIEWER)]
)
def test_every_page_is_for_everybody(
    reviewed: Site,
    browser: Browser,
    role: str | None,
    paths: tuple[str, ...],
) -> None:
    context = browser.new_context(base_url=reviewed.url, reduced_motion="reduce")
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    page.on(
        "console",
        lambda message: (
            complaints.append(f"{page.url}: {message.text}")
            if "Content Security Policy" in message.text
            else None
        ),
    )
    if role:
        sign_in(page, reviewed, role)
    for path in paths:
        page.goto(path)
        for width, (scheme, rules) in product(WIDTHS, SCHEMES.items()):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            complaints += look_at(page, path, f"{scheme} {width}", rules)
    context.close()
    assert not complaints, "\n".join(complaints)


def look_at(page: Page, path: str, where: str, rules: dict[str, Any]) -> list[str]:
    """What is wrong with the page that is open, in words."""
    keep_picture(page, path, where)
    found = Axe().run(page, options=rules)
    complaints = [
        f"{path} {where}: {violation['id']}: {node['html'][:160]}"
        for violation in found.response["violations"]
        for node in violation["nodes"]
    ]
    if page.locator("h1").count() != 1:
        complaints.append(f"{path} {where}: {page.locator('h1').count()} main headings")
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    if wide > 0:
        complaints.append(f"{path} {where}: {wide} pixels wider than the screen")
    cut = page.locator(".table--stack").evaluate_all(
        "all => all.filter(t => t.scrollWidth > t.parentElement.clientWidth).length"
    )
    if cut:
        complaints.append(f"{path} {where}: {cut} tables wider than their panel")
    count(path, where, len(found.response["violations"]))
    return complaints


def keep_picture(page: Page, path: str, where: str) -> None:
    """Leave a picture for people to look at, where CONSOLE_TEST_PICTURES names a folder."""
    if folder := os.environ.get("CONSOLE_TEST_PICTURES"):
        name = re.sub(r"\W+", "-", f"{path} {where}").strip("-")
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def count(path: str, where: str, violations: int) -> None:
    """Keep the number of violations per page beside the pictures."""
    if folder := os.environ.get("CONSOLE_TEST_PICTURES"):
        with (Path(folder) / "axe.jsonl").open("a") as lines:
            lines.write(json.dumps({"page": path, "where": where, "violations": violations}) + "\n")
