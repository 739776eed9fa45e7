"""The reference application: the shop, and the console on it; nothing else."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, redirect
from werkzeug.wrappers import Response

from console.config import Settings
from console.extensions import db, enforce_foreign_keys, migrate
from console.mount import Console
from console.shop import views

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def create_app(settings: Settings | None = None) -> Flask:
    """The application as `settings` say; from the environment without them."""
    settings = settings or Settings.from_environment()
    app = Flask(__name__, static_folder=None, instance_path=str(settings.instance))
    app.config.from_mapping(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        TESTING=settings.env == "testing",
    )
    db.init_app(app)
    migrate.init_app(app, db, directory=str(MIGRATIONS))
    with app.app_context():
        enforce_foreign_keys(db.engine)
    console = Console(app, db, settings=settings)
    views.register(console)

    @app.get("/")
    def home() -> Response:
        return redirect(console.url_prefix + "/")

    return app
