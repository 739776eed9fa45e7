"""What every test may ask for: a store, the small world of accounts, and the reference application.

Databases are files copied from templates that are made once per process, by the real migrations.
"""

from __future__ import annotations

import functools
import os
import shutil
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache

from console import rendering
from console.app import create_app
from console.config import Settings
from console.services.accounts import authenticate
from console.store.store import Store
from tests import world as small_world
from tests.private import NO_MYSQL
from tests.servers import (  # noqa: F401 - fixtures
    either,
    make_either,
    make_mariadb,
    make_mysql,
    make_postgresql,
    mariadb,
    mariadb_server,
    mysql,
    mysql_server,
    postgresql,
    postgresql_server,
)

BEHIND, CURRENT = "4c1a7f20b9de", "9e2d05c8a314"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[Any]:
    """Where nothing may be skipped (CONSOLE_TEST_NO_SKIP=1), a skip is a failure that says so, unless
    it is for want of a MySQL that cannot be had ("all but MySQL")."""
    outcome = yield
    report = outcome.get_result()
    strict = os.environ.get("CONSOLE_TEST_NO_SKIP")
    is_excused = strict == "all but MySQL" and NO_MYSQL in str(report.longrepr)
    if report.skipped and strict and not is_excused:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and nothing may be: {report.longrepr}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One clear line for each reason why tests were skipped, however many they were."""
    reasons = Counter(
        report.longrepr[2].removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
    )
    for reason, number in reasons.most_common():
        terminalreporter.write_line(f"{number} tests skipped. {reason}")


@pytest.fixture(scope="session", autouse=True)
def _quick_hashes() -> None:
    small_world.hash_quickly()


@pytest.fixture(scope="session", autouse=True)
def _compiled_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every test makes an application of its own; their templates are compiled once."""
    kept = FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))
    rendering.Environment = functools.partial(rendering.Environment, bytecode_cache=kept)


@pytest.fixture(scope="session")
def store_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store at its newest revision with the world's accounts."""
    small_world.hash_quickly()
    return small_world.make_template(tmp_path_factory.mktemp("store"))


@pytest.fixture
def store(tmp_path: Path, store_template: Path) -> Iterator[Store]:
    """A store of the test's own."""
    store = small_world.copy_template(store_template, tmp_path / "console.db")
    yield store
    store.close()


@pytest.fixture
def world(store: Store) -> small_world.World:
    """The accounts in that store, one a role."""
    return small_world.world_of(store)


@dataclass(frozen=True)
class ShopTemplates:
    """The seeded shop one revision behind, and the same brought up to date."""

    behind: Path
    current: Path


@pytest.fixture(scope="session")
def shop_templates(tmp_path_factory: pytest.TempPathFactory, store_template: Path) -> ShopTemplates:
    """Made by the shop's own history, as `flask db upgrade` does it."""
    from flask_migrate import upgrade

    from console.extensions import db
    from console.shop.seed import seed

    folder = tmp_path_factory.mktemp("shop")
    shutil.copyfile(store_template, folder / "console.db")
    app = create_app(_settings(folder))
    with app.app_context():
        upgrade(revision=BEHIND)
        seed(db.session)
        db.session.remove()
        shutil.copyfile(folder / "app.db", folder / "behind.db")
        upgrade()
        db.engine.dispose()
    app.extensions["console"].store.close()
    return ShopTemplates(behind=folder / "behind.db", current=folder / "app.db")


def _settings(folder: Path) -> Settings:
    return Settings.from_environment(
        {
            "CONSOLE_ENV": "testing",
            "CONSOLE_INSTANCE": str(folder),
            "CONSOLE_SECRET_KEY": "a key that is used in tests only, and long enough",
        }
    )


MakeApp = Callable[..., Flask]


@pytest.fixture
def make_app(
    tmp_path: Path, store_template: Path, shop_templates: ShopTemplates
) -> Iterator[MakeApp]:
    """`make_app(behind=False)`: the reference application with a seeded database and the world's
    accounts, its CSRF check off unless `csrf=True`."""
    made: list[Flask] = []

    def make(*, behind: bool = False, csrf: bool = False) -> Flask:
        folder = tmp_path / f"instance-{len(made)}"
        folder.mkdir()
        shutil.copyfile(store_template, folder / "console.db")
        template = shop_templates.behind if behind else shop_templates.current
        shutil.copyfile(template, folder / "app.db")
        app = create_app(_settings(folder))
        app.config["WTF_CSRF_ENABLED"] = csrf
        made.append(app)
        return app

    yield make
    for app in made:
        app.extensions["console"].store.close()
        with app.app_context():
            for engine in app.extensions["sqlalchemy"].engines.values():
                engine.dispose()


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """The reference application, its database up to date."""
    return make_app()


@pytest.fixture
def lagging_app(make_app: MakeApp) -> Flask:
    """The reference application, its database one revision behind: no price yet."""
    return make_app(behind=True)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """An anonymous visitor of `app`."""
    return app.test_client()


SignIn = Callable[..., FlaskClient]


@pytest.fixture
def sign_in() -> SignIn:
    """`sign_in(app, "author")`: a client whose session is that account's."""

    def sign_in(app: Flask, role: str) -> FlaskClient:
        from console.web.access import COOKIE

        client = app.test_client()
        token = authenticate(
            app.extensions["console"].store,
            email=f"{role}@example.com",
            password=small_world.PASSWORD,
        )
        client.set_cookie(COOKIE, token, path="/")
        return client

    return sign_in
