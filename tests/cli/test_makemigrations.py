"""makemigrations: writes a revision for what the models have and the database has not."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from tests.cli.conftest import Manage, data_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def versions(app: Flask, tmp_path: Path) -> Path:
    """The revision files of `app`, in a copy that the test may write to."""
    folder = tmp_path / "migrations"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "migrations", folder, ignore=ignore)
    console = app.extensions["console"]
    target = replace(
        console.targets["default"],
        script_location=folder,
        version_locations=(folder / "versions",),
        ini=folder / "alembic.ini",
    )
    console.targets = {"default": target}
    return folder / "versions"


@pytest.fixture
def without_index(app: Flask) -> None:
    """The database of `app` lacks an index that its models have."""
    with app.app_context(), app.extensions["sqlalchemy"].engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_posts_author_id"))


def files(versions: Path) -> set[str]:
    return {path.name for path in versions.glob("*.py")}


def test_models_without_changes_write_nothing(manage: Manage, app: Flask, versions: Path) -> None:
    before = files(versions)
    result = manage(app, "makemigrations", "-m", "nothing")
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert "No changes detected" in result.stderr
    assert manage(app, "makemigrations", "--check").exit_code == 0
    assert files(versions) == before


@pytest.mark.usefixtures("without_index")
def test_a_difference_becomes_a_revision(manage: Manage, app: Flask, versions: Path) -> None:
    before = files(versions)
    result = manage(app, "makemigrations", "-m", "find posts by author")
    assert result.exit_code == 0, result.output
    (made,) = files(versions) - before
    assert "find_posts_by_author" in made
    assert made in result.stdout
    assert "ix_posts_author_id" in result.stdout
    assert "Read and edit it" in result.stderr


@pytest.mark.usefixtures("without_index")
def test_check_writes_nothing_and_tells_by_its_status(
    manage: Manage, app: Flask, versions: Path
) -> None:
    before = files(versions)
    result = manage(app, "makemigrations", "--check", "--json")
    assert result.exit_code == 1
    assert any("ix_posts_author_id" in operation for operation in data_of(result))
    assert files(versions) == before


def test_an_empty_revision_is_there_to_be_filled_in(
    manage: Manage, app: Flask, versions: Path
) -> None:
    made = data_of(manage(app, "makemigrations", "--empty", "-m", "move prices", "--json"))
    source = Path(made["path"]).read_text()
    assert 'down_revision = "9e2d05c8a314"' in source.replace("'", '"')
    assert Path(made["path"]).parent == versions


def test_a_database_that_lags_behind_is_brought_up_first(
    manage: Manage, lagging_app: Flask
) -> None:
    result = manage(lagging_app, "makemigrations", "-m", "too early")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "pending revisions" in result.stderr
