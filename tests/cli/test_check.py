"""check: finds what is wrong, says the way out, and tells errors from warnings by its status."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from console.services.presence import Presence
from console.store.store import Store
from tests.cli.conftest import Manage, data_of, put_revision


def codes(manage: Manage, app: Flask) -> dict[str, str]:
    """The level of each finding, by code."""
    result = manage(app, "check", "--json")
    found = {finding["code"]: finding["level"] for finding in data_of(result)}
    assert result.exit_code == (1 if "error" in found.values() else 0)
    return found


def test_nothing_wrong_is_said_so(manage: Manage, app: Flask) -> None:
    with Presence(app.extensions["console"].store, "worker"):
        result = manage(app, "check")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "Nothing found" in result.stderr


def test_without_a_worker_it_warns_and_says_how_to_start_one(manage: Manage, app: Flask) -> None:
    assert codes(manage, app) == {"worker-not-running": "warning"}
    assert "manage.py worker" in manage(app, "check").stdout


def test_a_revision_that_is_not_applied_is_a_warning(manage: Manage, lagging_app: Flask) -> None:
    assert codes(manage, lagging_app)["unapplied-migrations"] == "warning"


def test_a_store_that_is_behind_is_an_error(manage: Manage, app: Flask, tmp_path: Path) -> None:
    console = app.extensions["console"]
    console.store = Store(f"sqlite:///{tmp_path}/new.db")
    result = manage(app, "check")
    assert result.exit_code == 1
    assert "store-behind" in result.stdout
    assert "manage.py migrate" in result.stdout
    assert not (tmp_path / "new.db").exists()


def test_a_file_with_a_syntax_error_is_named(manage: Manage, app: Flask, tmp_path: Path) -> None:
    put_revision(app, tmp_path / "copy", "aaaa_broken.py", "revision = 'aaaa'\ndef upgrade(:\n")
    result = manage(app, "check")
    assert result.exit_code == 1
    assert "aaaa_broken.py" in result.stdout


def test_two_heads_are_an_error_with_the_way_to_merge(
    manage: Manage, app: Flask, tmp_path: Path
) -> None:
    source = (
        '"""Another way"""\nrevision = "bbbb"\ndown_revision = "4c1a7f20b9de"\n'
        "def upgrade():\n    pass\ndef downgrade():\n    pass\n"
    )
    put_revision(app, tmp_path / "copy", "bbbb_other.py", source)
    assert codes(manage, app)["multiple-heads"] == "error"
    assert "db merge" in manage(app, "check").stdout


def test_a_database_stamped_with_the_unknown_is_an_error(manage: Manage, app: Flask) -> None:
    with app.app_context(), app.extensions["sqlalchemy"].engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'f00d'"))
    assert codes(manage, app)["unknown-revision"] == "error"


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_database_that_is_none_is_an_error(manage: Manage, app: Flask, tmp_path: Path) -> None:
    (tmp_path / "not.db").write_text("this is no database, and long enough to be read as one" * 99)
    console = app.extensions["console"]
    target = replace(console.targets["default"], url=f"sqlite:///{tmp_path}/not.db")
    console.targets = {"default": target}
    assert codes(manage, app)["database-unreachable"] == "error"


def test_a_database_whose_file_is_gone_is_an_error_and_told_before_a_new_one_is_made(
    manage: Manage, lagging_app: Flask
) -> None:
    assert "database-gone" not in codes(manage, lagging_app)
    assert manage(lagging_app, "migrate").exit_code == 0
    target = lagging_app.extensions["console"].targets["default"]
    Path(target.parsed_url.database).unlink()
    assert codes(manage, lagging_app)["database-gone"] == "error"
    again = manage(lagging_app, "migrate")
    assert again.exit_code == 0
    assert "The file of default is gone" in again.stderr
    assert "database-gone" not in codes(manage, lagging_app)
