"""Each bind of an application in Flask-Migrate's layout for several databases is a target of its own."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask

from console.schema import autogenerate
from console.schema.connection import read_only
from console.schema.diagnosis import diagnose
from console.schema.drift import find_drift
from console.schema.errors import Unsupported, WrongDatabase
from console.schema.executor import apply
from console.schema.history import read_history
from console.schema.interruption import find_interruption
from console.schema.mend import mend, try_out
from console.schema.plan import make_plan
from console.schema.rehearsal import rehearse
from console.schema.stamp import stamp
from console.schema.standing import read_standing
from console.schema.statement import compile_statements
from console.schema.target import Target
from console.services.lint import lint
from console.services.standing import note_standing
from console.services.targets import flask_targets
from console.store.store import Store
from tests.servers import engine_of

SHOP = """
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


class Product(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(80), nullable=False)


class Crate(db.Model):
    __bind_key__ = "stock"
    id = db.Column(db.Integer, primary_key=True)
    place = db.Column(db.String(40))


def make():
    app = Flask("two")
    app.config["SQLALCHEMY_DATABASE_URI"] = {url!r}
    app.config["SQLALCHEMY_BINDS"] = {{"stock": {stock!r}}}
    db.init_app(app)
    Migrate(app, db, directory={folder!r})
    return app
"""


CREATE = '''"""Create both"""
import sqlalchemy as sa
from alembic import op
revision = "aaaa1"
down_revision = None
def upgrade(engine_name):
    globals()["upgrade_%s" % engine_name]()
def downgrade(engine_name):
    globals()["downgrade_%s" % engine_name]()
def upgrade_():
    op.create_table(
        "product",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(80), nullable=False),
    )
def downgrade_():
    op.drop_table("product")
def upgrade_stock():
    op.create_table(
        "crate", sa.Column("id", sa.Integer, primary_key=True), sa.Column("place", sa.String(40))
    )
def downgrade_stock():
    op.drop_table("crate")
'''


@dataclass
class Two:
    """The application, its targets, and its folder."""

    app: Flask
    module: str
    targets: Mapping[str, Target]
    folder: Path

    @property
    def stock(self) -> Target:
        return self.targets["stock"]

    @property
    def default(self) -> Target:
        return self.targets["default"]

    def heads(self, name: str) -> tuple[str, ...]:
        target = self.targets[name]
        return read_standing(target, read_history(target)).heads

    def tables(self, name: str) -> set[str]:
        from sqlalchemy import inspect

        with read_only(self.targets[name]) as connection:
            return set() if connection is None else set(inspect(connection).get_table_names())

    def outside(self, *arguments: str) -> None:
        """Flask-Migrate by its own command, without the console."""
        subprocess.run(
            [sys.executable, "-m", "flask", "--app", f"{self.module}:make", "db", *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.folder)},
            check=True,
            capture_output=True,
        )


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def two(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Two]:
    """Two databases of one application, both empty, with the revision that creates their tables."""
    stock = f"sqlite:///{tmp_path}/stock.db"
    if request.param != "sqlite":
        stock = request.getfixturevalue(request.param)
    module, folder = f"two_{tmp_path.name.replace('-', '_')}", tmp_path / "migrations"
    text = SHOP.format(url=f"sqlite:///{tmp_path}/shop.db", stock=stock, folder=str(folder))
    (tmp_path / f"{module}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    app: Flask = importlib.import_module(module).make()
    with app.app_context():
        flask_migrate.init(directory=str(folder), multidb=True)
    targets = flask_targets(app, application=f"{module}:make")
    (folder / "versions" / "aaaa1_create_both.py").write_text(CREATE)
    yield Two(app, module, targets, tmp_path)
    with app.app_context():
        for engine in app.extensions["sqlalchemy"].engines.values():
            engine.dispose()


def test_each_bind_is_a_target_with_the_same_files(two: Two) -> None:
    assert list(two.targets) == ["default", "stock"]
    assert two.stock.script_location == two.default.script_location
    assert two.stock.identity != two.default.identity


def test_a_revision_is_written_for_all_of_them_at_once(two: Two) -> None:
    (two.folder / "migrations" / "versions" / "aaaa1_create_both.py").unlink()
    made = autogenerate.generate(two.stock, message="Create both")
    assert made.operations == ("create table product", "create table crate")
    (revision,) = read_history(two.stock).revisions
    upgrades = read_history(two.stock).source(revision).split("def ")
    (default,) = (text for text in upgrades if text.startswith("upgrade_()"))
    (stock,) = (text for text in upgrades if text.startswith("upgrade_stock()"))
    assert "create_table('product'" in default
    assert "create_table('crate'" in stock


def test_a_plan_is_rehearsed_and_applied_on_its_own_database_alone(two: Two) -> None:
    plan = make_plan(two.stock, "head")
    rehearsal = rehearse(two.stock, plan, workspace=two.folder / "workspace")
    assert rehearsal.succeeded, rehearsal.error
    assert rehearsal.way_back is not None
    assert rehearsal.way_back.works
    assert {table.name for table in rehearsal.difference.tables} == {"crate"}
    assert two.tables("stock") == set()
    apply(two.stock, plan)
    assert two.tables("stock") == {"crate", "alembic_version"}
    assert two.heads("default") == ()
    assert not (two.folder / "shop.db").exists()
    apply(two.default, make_plan(two.default, "head"))
    assert two.tables("default") == {"product", "alembic_version"}


def test_its_sql_is_captured_and_not_written_into_files_beside_env_py(two: Two) -> None:
    (created,) = (s.sql for s in compile_statements(two.stock, "aaaa1") if "crate" in s.sql)
    assert created.lstrip().startswith("CREATE TABLE crate")
    with pytest.raises(Unsupported, match="into files"):
        compile_statements(two.stock, "aaaa1", offline=True)
    assert not list(two.folder.rglob("*.sql"))


def test_drift_diagnosis_and_stamp_look_at_one_database(two: Two) -> None:
    apply(two.stock, make_plan(two.stock, "head"))
    drift = find_drift(two.stock)
    assert drift.is_clean
    assert diagnose(two.stock).is_sound
    heads = two.heads("stock")
    found = diagnose(two.stock)
    stamp(two.stock, (), start=heads, fingerprint=found.fingerprint)
    assert two.heads("stock") == ()
    assert two.tables("default") == set()


def test_what_is_there_in_part_is_taken_out_of_its_own_database(two: Two) -> None:
    apply(two.stock, make_plan(two.stock, "head"))
    text = CREATE.replace('"aaaa1"', '"bbbb1"').replace("= None", '= "aaaa1"')
    for name, column in (("product", "price"), ("crate", "weight")):
        create = text[text.index(f'    op.create_table(\n        "{name}"') :].partition("def ")[0]
        add = f'    op.add_column("{name}", sa.Column("{column}", sa.Integer))\n'
        add += f'    op.create_index("by_{column}", "{name}", ["{column}"])\n'
        text = text.replace(create, add)
        away = f'op.drop_index("by_{column}", "{name}")\n    op.drop_column("{name}", "{column}")'
        text = text.replace(f'op.drop_table("{name}")', away)
    (two.folder / "migrations" / "versions" / "bbbb1_weigh.py").write_text(text)
    with engine_of(two.stock.url).connect() as connection:
        connection.exec_driver_sql("ALTER TABLE crate ADD COLUMN weight INTEGER")
    found = find_interruption(two.stock, diagnose(two.stock))
    assert found is not None
    tried = try_out(two.stock, found, found.undo, workspace=two.folder / "workspace")
    assert mend(two.stock, tried).is_clean
    assert two.heads("stock") == ("aaaa1",)
    assert diagnose(two.stock).is_sound


def test_dangers_are_those_of_its_own_database(two: Two) -> None:
    apply(two.stock, make_plan(two.stock, "head"))
    text = CREATE.replace('"aaaa1"', '"bbbb1"').replace("= None", '= "aaaa1"')
    drop = 'op.drop_column("crate", "place")\ndef downgrade_stock'
    text = text.partition("def upgrade_stock")[0].replace("op.create_table", "print")
    text += f"def upgrade_stock():\n    {drop}():\n    raise NotImplementedError\n"
    file = two.folder / "migrations" / "versions" / "bbbb1_drop_place.py"
    file.write_text(text)
    (found,) = lint(two.stock, since="aaaa1").findings
    assert (found.hazard.code, found.hazard.subject) == ("drop-column", "crate.place")
    assert file.read_text().splitlines()[found.line - 1].strip().startswith("op.drop_column")
    assert lint(two.default, revisions=["bbbb1"]).findings == ()


def test_what_is_applied_outside_goes_over_all_and_is_noticed(two: Two, store: Store) -> None:
    apply(two.stock, make_plan(two.stock, "head"))
    note_standing(store, two.targets)
    two.outside("upgrade")
    (sentence,) = note_standing(store, two.targets)
    assert "“Create both” was applied outside the console: default stood at base" in sentence
    assert two.heads("default") == two.heads("stock")
    assert autogenerate.check(two.stock) == ()


def test_two_phases_are_one_where_there_is_one_database(two: Two) -> None:
    file = two.folder / "migrations" / "env.py"
    file.write_text(file.read_text().replace("USE_TWOPHASE = False", "USE_TWOPHASE = True"))
    apply(two.stock, make_plan(two.stock, "head"))
    assert "crate" in two.tables("stock")


def test_an_environment_that_goes_elsewhere_all_the_same_is_refused(two: Two) -> None:
    file = two.folder / "migrations" / "env.py"
    text = file.read_text()
    file.write_text(text.replace("get_engine(bind_key=name)", "get_engine()"))
    with pytest.raises(WrongDatabase):
        apply(two.stock, make_plan(two.stock, "head"))
    file.write_text(text.replace("engine_name=name", "engine_name=''"))
    with pytest.raises(Unsupported, match="runs the functions of ''"):
        apply(two.stock, make_plan(two.stock, "head"))
    assert two.tables("stock") == set()
