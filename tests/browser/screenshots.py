"""Takes the pictures of the README again: `make screenshots`.

It tells the story of the tour to a real Chromium, on a site of its own, and keeps what it sees in
docs/images/. Each picture stays below 150 kB.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.conftest import sign_in
from tests.browser.site import CHROMIUM, ROOT, Site, running_site

IMAGES = ROOT / "docs" / "images"
WIDE = {"width": 1200, "height": 700}
MOST_BYTES = 150_000
PATIENCE = 60_000
# The site lies in a folder of the day; the pictures show one that may be anybody's.
HIDE_FOLDER = """() => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const text = texts.currentNode;
        const shown = text.data.replace(/\\/[^ ]*console-pictures-[^/ ]+/g, "/srv/console");
        if (shown !== text.data) text.data = shown;
    }
}"""


def main() -> int:
    """Take every picture; 1 without Chromium or when one is too large."""
    if not CHROMIUM.exists():
        sys.stderr.write(
            f"There is no Chromium at {CHROMIUM}; on Debian: apt-get install chromium\n"
        )
        return 1
    IMAGES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="console-pictures-") as folder,
        running_site(Path(folder)) as site,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-background-networking"]
        )
        tell(site, visitor(browser, site, "author"), visitor(browser, site, "approver"))
        browser.close()
    large = [path.name for path in IMAGES.glob("*.png") if path.stat().st_size > MOST_BYTES]
    if large:
        sys.stderr.write(f"Larger than {MOST_BYTES // 1000} kB: {', '.join(large)}\n")
    return 1 if large else 0


def visitor(browser: Browser, site: Site, role: str) -> Page:
    """A browser of that person's own, signed in; light, and without anything that moves."""
    context = browser.new_context(
        base_url=site.url, viewport=WIDE, color_scheme="light", reduced_motion="reduce"
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    sign_in(page, site, role)
    return page


def tell(site: Site, author: Page, approver: Page) -> None:
    """The tour of the README, with a picture at each stop."""
    author.goto("/admin/products")
    take(author, "products-behind")

    author.goto("/admin/migrations/")
    take(author, "history")
    link = author.get_by_role("link", name=re.compile("Review the plan to here ?: Add price"))
    link.first.click()
    author.get_by_role("button", name="Open the review and rehearse it").click()
    author.wait_for_url(re.compile(r"/admin/reviews/\d+"))
    expect(author.get_by_role("heading", name="Schema", exact=True)).to_be_visible()
    review = author.url
    author.goto(review)
    take(author, "review", height=840)

    approver.goto(review)
    approver.get_by_role("button", name="Approve this plan").click()
    expect(approver.get_by_text("1 of 1 needed").first).to_be_visible()
    approver.goto(review)
    take(approver, "approved")
    approver.get_by_role("button", name="Apply to default").click()
    expect(
        approver.get_by_text(re.compile("The plan is applied|This plan is applied"))
    ).to_be_visible()
    approver.goto("/admin/runs/")
    approver.get_by_role("link", name=re.compile("^Apply")).first.click()
    approver.wait_for_url(re.compile(r"/admin/runs/\d+"))
    take(approver, "run")

    for name, price in {"Lamp": "49.90", "Desk": "1249.50", "Chair": "189.00"}.items():
        approver.goto(f"/admin/products?q={name}")
        approver.get_by_role("rowheader").get_by_role("link", name=name).click()
        expect(approver.get_by_role("button", name="Save", exact=True)).to_be_visible()
        approver.get_by_label(re.compile("^Price")).fill(price)
        approver.get_by_role("button", name="Save", exact=True).click()
        expect(approver.get_by_text(f"{name} was saved")).to_be_visible()
    approver.goto("/admin/products?sort=-price")
    take(approver, "products")

    author.goto("/admin/migrations/")
    back = author.get_by_role("link", name=re.compile("Review the way back to here ?: Create"))
    back.first.click()
    author.get_by_role("button", name="Open the review and rehearse it").click()
    author.wait_for_url(re.compile(r"/admin/reviews/\d+"))
    expect(author.get_by_role("heading", name="Schema", exact=True)).to_be_visible()
    author.goto(author.url)
    take(author, "way-back")
    author.goto("/admin/audit")
    take(author, "audit")


def take(page: Page, name: str, height: int = WIDE["height"]) -> None:
    """Keep what the page shows above the fold as docs/images/`name`.png."""
    page.set_viewport_size({"width": WIDE["width"], "height": height})
    page.wait_for_load_state("load")
    page.evaluate("document.fonts.ready")
    page.evaluate(HIDE_FOLDER)
    page.screenshot(path=IMAGES / f"{name}.png", animations="disabled", caret="hide")
    sys.stdout.write(f"docs/images/{name}.png\n")


if __name__ == "__main__":
    sys.exit(main())
