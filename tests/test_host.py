"""host: an application is found by its name, and its default engine leads where it is told."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from flask import Flask, current_app

from console.host import HostError, flask_application, load_application, name_of

HERE = Path(__file__).resolve().parent


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module with an application, one without Flask-Migrate, and something else."""
    (tmp_path / "other_shop.py").write_text(
        "from flask import Flask\n"
        "from flask_migrate import Migrate\n"
        "from flask_sqlalchemy import SQLAlchemy\n"
        "db = SQLAlchemy()\n"
        "bare = Flask('bare')\n"
        "number = 3\n"
        "def make():\n"
        "    app = Flask('made')\n"
        f"    app.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite:///{tmp_path}/configured.db'\n"
        "    db.init_app(app)\n"
        f"    Migrate(app, db, directory={str(HERE.parent / 'migrations')!r})\n"
        "    return app\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return "other_shop"


def test_the_default_engine_leads_to_the_url_that_was_given(module: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/given.db"
    with flask_application(url, f"{module}:make") as config:
        assert current_app.name == "made"
        assert str(current_app.extensions["sqlalchemy"].engine.url) == url
        assert config.get_main_option("script_location") == str(HERE.parent / "migrations")
    assert not (tmp_path / "configured.db").exists()


def test_an_application_is_found_by_name_or_made_by_its_factory(module: str) -> None:
    assert load_application(f"{module}:bare").name == "bare"
    assert load_application(f"{module}:make").name == "made"


@pytest.mark.parametrize("name", ["number", "absent"])
def test_what_is_no_application_is_named(module: str, name: str) -> None:
    with pytest.raises(HostError, match=f"'{module}:{name}' is not a Flask application"):
        load_application(f"{module}:{name}")


def test_an_application_without_flask_migrate_is_named(module: str) -> None:
    with (
        pytest.raises(HostError, match="has no Flask-Migrate"),
        flask_application("sqlite://", f"{module}:bare"),
    ):
        pass


@pytest.mark.parametrize("spec", ["no_such_shop:make", "console.no_such_part:make", "a b:make"])
def test_a_module_that_is_not_there_is_named(spec: str) -> None:
    with pytest.raises(HostError, match="There is no module"):
        load_application(spec)


def test_a_function_that_makes_no_application_is_not_called() -> None:
    with pytest.raises(HostError, match="'json:loads' is not a Flask application"):
        load_application("json:loads")


def test_what_the_application_itself_needs_is_named_by_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "needy_shop.py").write_text("import something_that_is_not_installed\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="something_that_is_not_installed"):
        load_application("needy_shop:app")


def test_an_application_is_named_as_its_module_calls_it_or_by_its_factory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, lines in {
        "plain_shop": "from flask import Flask\nshop = Flask(__name__)\n",
        "made_shop": "from flask import Flask\ndef create_app(x=1):\n    return Flask(__name__)\n",
        "odd_shop": "from flask import Flask\ndef create_app(x):\n    return Flask(__name__)\n",
    }.items():
        (tmp_path / f"{name}.py").write_text(lines)
    monkeypatch.syspath_prepend(str(tmp_path))
    plain, made, odd = map(import_module, ("plain_shop", "made_shop", "odd_shop"))
    assert name_of(plain.shop) == "plain_shop:shop"
    assert name_of(made.create_app()) == "made_shop:create_app"
    for lost in (odd.create_app(1), Flask("elsewhere"), Flask("__main__")):
        with pytest.raises(HostError, match="set CONSOLE_APP to it"):
            name_of(lost)
