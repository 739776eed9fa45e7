"""A real Chromium on a real site."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.site import CHROMIUM, Site, running_site

SECONDS = 1000  # Playwright counts milliseconds


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site of the first run, its database one revision behind, with a runner."""
    with running_site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    if not CHROMIUM.exists():
        pytest.skip(f"No Chromium at {CHROMIUM}: on Debian, apt-get install chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-background-networking"]
        )
        yield browser
        browser.close()


Visit = Callable[[str], Page]


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    """`visit("author")`: a browser of that person's own, signed in, that fails the test when a page
    breaks the content security policy or raises in a script."""
    contexts, complaints = [], []

    def visit(role: str) -> Page:
        context = browser.new_context(base_url=site.url)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20 * SECONDS)
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda message: (
                complaints.append(f"{page.url}: {message.text}")
                if "Content Security Policy" in message.text
                else None
            ),
        )
        sign_in(page, site, role)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert not complaints


def sign_in(page: Page, site: Site, role: str) -> None:
    """Sign in by the form, as a person does."""
    page.goto("/admin/sign-in")
    page.get_by_label("Email address").fill(f"{role}@example.com")
    page.get_by_label("Password").fill(site.passwords[role])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/admin/")


def screenshot_folder() -> Path:
    """Where a failing test may leave pictures; ignored by git."""
    folder = Path(__file__).resolve().parent.parent.parent / "instance" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
