"""What the tests of the data pages share: an application of the test's own models."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event

from console import Console
from console.config import Settings

Mount = Callable[..., Flask]


@pytest.fixture
def mount(tmp_path: Path, store_template: Path) -> Iterator[Mount]:
    """`mount(db, Model, …)`: an application with these models' tables and the console on it.

    A pair (Model, View) shows the model with that view.
    """
    made: list[Flask] = []

    def mount(db: SQLAlchemy, *models: Any) -> Flask:
        shutil.copyfile(store_template, tmp_path / "console.db")
        app = Flask("adopter")
        app.config.update(
            SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path / 'adopter.db'}",
            SECRET_KEY="a key for tests",
            TESTING=True,
            WTF_CSRF_ENABLED=False,
        )
        db.init_app(app)
        settings = Settings.from_environment(
            {
                "CONSOLE_ENV": "testing",
                "CONSOLE_INSTANCE": str(tmp_path),
                "CONSOLE_SECRET_KEY": "a key that is used in tests only, and long enough",
            }
        )
        console = Console(app, db, settings=settings)
        for entry in models:
            console.add_model(*entry) if isinstance(entry, tuple) else console.add_model(entry)
        with app.app_context():
            db.create_all()
        made.append(app)
        return app

    yield mount
    for app in made:
        app.extensions["console"].store.close()
        with app.app_context():
            app.extensions["sqlalchemy"].engine.dispose()


@pytest.fixture
def statements() -> Callable[[Flask], list[str]]:
    """`statements(app)`: the SQL that the managed database gets from now on."""

    def listen(app: Flask) -> list[str]:
        sent: list[str] = []
        with app.app_context():
            engine = app.extensions["sqlalchemy"].engine

        @event.listens_for(engine, "before_cursor_execute")
        def note(_c: Any, _u: Any, sql: str, *_rest: Any) -> None:
            sent.append(sql)

        return sent

    return listen
