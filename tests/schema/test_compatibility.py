"""Whether to migrate or to deploy first is told by reading every model before and after a plan."""

import re
from pathlib import Path

import pytest

from console.schema.compatibility import Reading, weigh
from console.schema.executor import apply
from console.schema.rehearsal import Rehearsal
from console.schema.wire import decode, encode
from tests.histories.place import PRICE, PRODUCTS, Place
from tests.histories.script_folder import Sample

ENVIRONMENT = """\
import sqlalchemy as sa
from alembic import context
from sqlalchemy import create_engine, orm, pool

Base = orm.declarative_base()

class Product(Base):
    __tablename__ = "products"
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(80))
    {more}

sa.Table("reviews", Base.metadata, sa.Column("id", sa.Integer), sa.Column("text", sa.Text))

engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
"""
PRICE_COLUMN = "price = sa.Column(sa.Numeric(10, 2))"
NOTE = Sample(
    "bbbb1",
    ("aaaa1",),
    up='op.alter_column("products", "weight", new_column_name="mass")',
    down='op.alter_column("products", "mass", new_column_name="weight")',
)


def place_of(folder: Path, change: Sample, more: str) -> Place:
    """One revision behind, with a model that maps one column more."""
    place = Place(folder, [PRODUCTS, change], at="aaaa1")
    place.environment(ENVIRONMENT.format(more=more))
    return place


def advice(rehearsal: Rehearsal) -> str:
    assert rehearsal.succeeded, rehearsal.error
    assert rehearsal.compatibility is not None
    return rehearsal.compatibility.advice


def test_models_that_map_what_is_not_there_yet_need_the_migration_first(tmp_path: Path) -> None:
    rehearsal = place_of(tmp_path, PRICE, PRICE_COLUMN).rehearse()
    assert advice(rehearsal) == "migrate first"
    assert rehearsal.compatibility is not None
    assert rehearsal.compatibility.sentence == (
        "Migrate first, then deploy: the models need what this plan brings. Before it Product cannot "
        "be read (no such column: products.price)."
    )
    assert decode(Rehearsal, encode(rehearsal)) == rehearsal


def test_models_that_map_what_goes_away_have_to_be_deployed_first(tmp_path: Path) -> None:
    place = place_of(tmp_path, PRICE, PRICE_COLUMN)
    apply(place.target, place.plan())
    assert advice(place.rehearse("aaaa1")) == "deploy first"


def test_a_rename_under_the_models_breaks_them(tmp_path: Path) -> None:
    place = place_of(tmp_path, NOTE, "weight = sa.Column(sa.Integer)")
    assert advice(place.rehearse()) == "deploy first"


@pytest.mark.parametrize(
    "more",
    [
        "weight = orm.deferred(sa.Column(sa.Integer))",
        "weight = orm.mapped_column(sa.Integer, deferred=True, deferred_raiseload=True)",
        "twice = orm.column_property(sa.literal_column('products.weight') * 2, deferred=True)",
        "weight = sa.Column(sa.Integer)\n    owner = orm.relationship('Nobody')",
        "twice = orm.column_property(sa.literal_column('\"weight\"') * 2)",
    ],
    ids=["deferred", "raiseload", "expression", "a mapping that is wrong", "a name in quotes"],
)
def test_what_a_model_loads_later_counts_and_a_wrong_mapping_hides_nothing(
    tmp_path: Path, more: str
) -> None:
    assert advice(place_of(tmp_path, NOTE, more).rehearse()) == "deploy first"


def test_of_two_models_of_one_name_each_counts(tmp_path: Path) -> None:
    place = place_of(tmp_path, NOTE, "")
    second = """\
class Review(orm.declarative_base(metadata=Base.metadata)):
    __module__ = "stock"
    __tablename__ = "reviews"
    id = sa.Column(sa.Integer, primary_key=True)

Review.__name__ = "Product"
"""
    place.environment(re.sub(r"sa\.Table\(.*\n", second, ENVIRONMENT.format(more="")))
    rehearsal = place.rehearse()
    assert rehearsal.compatibility is not None
    names = [reading.model for reading in rehearsal.compatibility.before]
    assert names == ["env_py.Product", "stock.Product"]


def test_models_that_do_not_care_leave_either_order(tmp_path: Path) -> None:
    assert advice(place_of(tmp_path, PRICE, "").rehearse()) == "either"


def test_tables_without_a_mapper_are_read_too(tmp_path: Path) -> None:
    rehearsal = place_of(tmp_path, PRICE, "").rehearse()
    assert rehearsal.compatibility is not None
    assert rehearsal.compatibility.before == (Reading("Product"), Reading("reviews"))


def test_without_models_there_is_no_advice(tmp_path: Path) -> None:
    assert Place(tmp_path, [PRODUCTS, PRICE], at="aaaa1").rehearse().compatibility is None


def test_a_model_that_can_never_be_read_does_not_count() -> None:
    broken = Reading("Legacy", "no such table: legacy")
    found = weigh([broken, Reading("Product")], [broken, Reading("Product")])
    assert found is not None
    assert found.advice == "either"
    assert found.sentence == (
        "Either order works: every other model can be read before this plan and after it. "
        "Legacy cannot be read before or after, and did not count."
    )


def test_models_none_of_which_can_be_read_tell_nothing() -> None:
    broken = Reading("Legacy", "no such table: legacy")
    found = weigh([broken], [broken])
    assert found is not None
    assert found.advice == "unknown"
    assert "No model can be read before this plan or after it" in found.sentence


def test_needing_it_and_breaking_by_it_fits_neither_order() -> None:
    before = [Reading("New", "no such column: a"), Reading("Old")]
    after = [Reading("New"), Reading("Old", "no such column: b")]
    found = weigh(before, after)
    assert found is not None
    assert found.advice == "neither"
    assert "Split the plan" in found.sentence


@pytest.mark.parametrize("number", [3, 5])
def test_many_models_are_named_in_part(number: int) -> None:
    names = [f"M{i}" for i in range(number)]
    found = weigh([Reading(n, "gone") for n in names], [Reading(n) for n in names])
    assert found is not None
    assert ("and 2 more" in found.sentence) == (number == 5)
