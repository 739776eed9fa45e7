"""Models and database are compared through the application's own env.py and Flask-Migrate's options."""

import sys
from pathlib import Path

import pytest

from console.schema.autogenerate import check, generate
from console.schema.errors import HistoryError, WrongDatabase
from console.schema.executor import apply
from console.schema.history import read_history
from console.schema.plan import make_plan
from console.schema.rehearsal import rehearse
from console.schema.target import Host, Target

APPLICATION = """\
from contextlib import contextmanager
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
import sqlalchemy as sa

db = SQLAlchemy()

class Product(db.Model):
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(80), nullable=False)
    {more}

@contextmanager
def host(url, directory):
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = {url}
    db.init_app(app)
    migrate = Migrate(app, db, directory=directory, render_as_batch=True)
    with app.app_context():
        yield migrate.get_config()
        db.engine.dispose()
"""


class Shop:
    """A small application with Flask-Migrate's own template of a script folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.directory = folder, folder / "migrations"
        self.model()
        template = Path(sys.modules["flask_migrate"].__file__ or "").parent / "templates" / "flask"
        (self.directory / "versions").mkdir(parents=True)
        for name in ("env.py", "script.py.mako"):
            (self.directory / name).write_text((template / name).read_text())
        (self.directory / "alembic.ini").write_text((template / "alembic.ini.mako").read_text())
        self.target = Target(
            name="shop",
            url=f"sqlite:///{folder / 'shop.db'}",
            script_location=self.directory,
            version_locations=(self.directory / "versions",),
            host=Host("small_shop:host", (str(self.directory),)),
            paths=(folder,),
        )

    def model(self, more: str = "", url: str = "url") -> None:
        """Write the application, with one more line in its model."""
        (self.folder / "small_shop.py").write_text(APPLICATION.format(more=more, url=url))

    def catch_up(self) -> None:
        """Bring the database to the head."""
        apply(self.target, make_plan(self.target, "head"))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """The application, without revisions and without a database."""
    import flask_migrate  # noqa: F401 - its templates are copied

    return Shop(tmp_path)


def test_from_models_to_a_revision_to_a_database_and_on(shop: Shop) -> None:
    assert check(shop.target) == ("create table product",)
    made = generate(shop.target, message="Create products")
    assert made.path is not None
    assert made.path.parent == shop.directory / "versions"
    assert made.operations == ("create table product",)
    assert read_history(shop.target).heads == (made.revision,)
    shop.catch_up()
    assert check(shop.target) == ()

    shop.model("price = sa.Column(sa.Numeric(10, 2))")
    assert check(shop.target) == ("add column product.price (NUMERIC(10, 2))",)
    made = generate(shop.target, message="Add price")
    assert made.path is not None
    assert "batch_alter_table" in made.path.read_text()
    plan = make_plan(shop.target, "head")
    rehearsal = rehearse(shop.target, plan, workspace=shop.folder / "workspace")
    assert rehearsal.ledger is not None
    assert rehearsal.ledger.is_clean
    with pytest.raises(HistoryError, match="behind the revision files"):
        generate(shop.target, message="Too early")


def test_nothing_new_writes_nothing(shop: Shop) -> None:
    generate(shop.target, message="Create products")
    shop.catch_up()
    assert generate(shop.target, message="Nothing").path is None
    assert len(list((shop.directory / "versions").glob("*.py"))) == 1


def test_an_empty_revision_needs_no_database(shop: Shop) -> None:
    made = generate(shop.target, message="By hand", empty=True)
    assert made.path is not None
    assert made.path.name.endswith("_by_hand.py")
    assert not (shop.folder / "shop.db").exists()


@pytest.mark.parametrize("empty", [True, False])
def test_without_a_template_nothing_is_written_and_it_is_said_where_to_find_one(
    shop: Shop, empty: bool
) -> None:
    (shop.directory / "script.py.mako").unlink()
    with pytest.raises(HistoryError, match=r"script\.py\.mako is missing.*Nothing was written"):
        generate(shop.target, message="Create products", empty=empty)
    assert check(shop.target) == ("create table product",)


def test_what_looks_like_a_rename_is_pointed_out(shop: Shop) -> None:
    shop.model("label = sa.Column(sa.Text)")
    generate(shop.target, message="Create products")
    shop.catch_up()
    shop.model("title = sa.Column(sa.Text)\n    rank = sa.Column(sa.Integer, nullable=False)")
    warnings = generate(shop.target, message="Rename").warnings
    renamed, required = warnings
    assert "alter_column('label', new_column_name='title')" in renamed
    assert required.startswith("product.rank is required and has no server default")


def test_an_application_that_ignores_the_url_is_refused(shop: Shop, tmp_path: Path) -> None:
    shop.model(url=f"'sqlite:///{tmp_path / 'other.db'}'")
    with pytest.raises(WrongDatabase, match="other"):
        check(shop.target)
