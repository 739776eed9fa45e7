"""mount: the Console itself, a Flask extension that puts the console on any application.

    db = SQLAlchemy(app)
    Migrate(app, db)
    console = Console(app, db)
    console.add_model(Product)

It needs Flask-SQLAlchemy and Flask-Migrate on the application and changes nothing else of it: its
pages, its content security policy and its CSRF check hold below `url_prefix` only, and its accounts
live in a database of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask

from console import admin, web
from console.config import Settings
from console.host import HostError, name_of
from console.rendering import make_environment
from console.schema.target import Target
from console.services.errors import Misconfigured
from console.services.external import read_targets
from console.services.reviews import Policy
from console.services.targets import flask_targets
from console.store.store import Store

if TYPE_CHECKING:
    from flask_admin import Admin
    from flask_sqlalchemy import SQLAlchemy


class Console:
    """The console on one application; afterwards at `app.extensions["console"]`.

    `settings` come from the environment unless given. `admin` is the Flask-Admin object, for views
    of your own.
    """

    admin: Admin

    def __init__(
        self,
        app: Flask | None = None,
        db: SQLAlchemy | None = None,
        *,
        settings: Settings | None = None,
        url_prefix: str = "/admin",
    ) -> None:
        self.url_prefix = url_prefix
        self._settings = settings
        self.db = db
        if app is not None:
            self.init_app(app, db)

    def init_app(self, app: Flask, db: SQLAlchemy | None = None) -> None:
        """Mount on `app`, whose Flask-SQLAlchemy object is `db`; after `Migrate(app, db)`."""
        self.app = app
        self.db = db or self.db or app.extensions["sqlalchemy"]
        folder = Path(app.instance_path)
        self.settings = self._settings or Settings.from_environment(
            root=folder.parent, instance=folder
        )
        if not app.secret_key:
            app.secret_key = self.settings.secret_key
        self.external = read_targets(self.settings.targets_file)
        self.store = Store(self.settings.store_url)
        self.templates = make_environment(app)
        app.extensions["console"] = self
        self.admin = admin.make_admin(app, self, web.index_view(self))
        web.register(app, self)

    @cached_property
    def targets(self) -> Mapping[str, Target]:
        """Every managed database by name; the application's own is "default", others are its binds and
        those that the settings name."""
        own = flask_targets(self.app, application=self.application)
        if twice := sorted(own.keys() & self.external.keys()):
            raise Misconfigured(
                f"'{twice[0]}' is a bind of the application, and CONSOLE_TARGETS names another "
                "database so. Give that one another name."
            )
        limit = self.settings.rehearsal_limit
        every = {**own, **self.external}
        return {name: replace(each, rehearsal_limit=limit) for name, each in every.items()}

    @cached_property
    def application(self) -> str:
        """Where the processes that run migrations import the application: `module:name`."""
        try:
            return self.settings.application or name_of(self.app)
        except HostError as error:
            raise Misconfigured(str(error)) from error

    @property
    def policy(self) -> Policy:
        """What an apply needs before it may run."""
        return Policy(self.settings.approvals_required, self.settings.migrate_without_review)

    def add_model(self, model: type[Any], view: type[Any] | None = None, **options: Any) -> None:
        """Show a model in the console, with a `ConsoleModelView` of your own or the default one."""
        self.admin.add_view((view or admin.ConsoleModelView)(model, self.db, **options))
