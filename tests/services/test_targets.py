"""The target of a Flask application is what Flask-Migrate is configured with."""

from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

from console.schema.target import Host
from console.services.errors import Misconfigured, Refused
from console.services.targets import flask_target
from tests.histories.script_folder import write_folder

INI = "[alembic]\nfile_template = %%(rev)s\n"


def _app(tmp_path: Path, **options: object) -> Flask:
    app = Flask("sample")
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path / 'app.db'}"
    db = SQLAlchemy(app)
    Migrate(app, db, directory=str(tmp_path / "migrations"), **options)
    return app


def test_it_is_read_from_the_configuration(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "migrations")
    (folder / "alembic.ini").write_text(INI)
    app = _app(tmp_path, version_table="versions_of_mine", version_table_schema="main")
    target = flask_target(app, application="console.app:create_app")
    assert (target.name, target.url) == ("default", f"sqlite:///{tmp_path / 'app.db'}")
    assert target.script_location == folder
    assert target.version_locations == (folder / "versions",)
    assert (target.version_table, target.version_table_schema) == ("versions_of_mine", "main")
    assert target.host == Host("console.host:flask_application", ("console.app:create_app",))
    assert target.ini == folder / "alembic.ini"
    assert target.paths == (Path(__file__).resolve().parents[2],)


def test_its_version_folders_are_those_of_alembic_ini(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "migrations")
    places = f"{tmp_path / 'one'}:{tmp_path / 'two'}"
    (folder / "alembic.ini").write_text(
        f"{INI}path_separator = :\nversion_locations = {places}\nrecursive_version_locations = true\n"
    )
    target = flask_target(_app(tmp_path))
    assert target.version_locations == (tmp_path / "one", tmp_path / "two")
    assert target.recursive_version_locations


def test_a_relative_folder_starts_where_flask_migrate_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_folder(tmp_path / "migrations")
    monkeypatch.chdir(tmp_path)
    app = Flask("sample")
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path / 'app.db'}"
    Migrate(app, SQLAlchemy(app))
    assert flask_target(app).script_location == tmp_path / "migrations"


def test_there_may_be_no_script_folder_yet(tmp_path: Path) -> None:
    target = flask_target(_app(tmp_path))
    assert target.version_locations == (tmp_path / "migrations" / "versions",)


def test_an_application_without_flask_migrate_is_refused() -> None:
    with pytest.raises(Refused, match=r"Migrate\(app, db\)"):
        flask_target(Flask("sample"))


@pytest.mark.parametrize("text", [b"[[[", b"script_location = here", b"\xff\xfe[alembic]", b"%(no"])
def test_a_broken_alembic_ini_is_said_in_one_line(tmp_path: Path, text: bytes) -> None:
    folder = write_folder(tmp_path / "migrations")
    (folder / "alembic.ini").write_bytes(text)
    with pytest.raises(Misconfigured, match="The settings of the migrations of 'default'") as error:
        flask_target(_app(tmp_path))
    assert "\n" not in str(error.value)
