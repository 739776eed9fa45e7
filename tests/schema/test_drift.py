"""Models, database and history are held against each other, also where autogenerate looks away."""

from pathlib import Path

import pytest

from console.schema.drift import Drift, find_drift
from console.schema.executor import apply
from tests.histories.place import PRODUCTS, Place
from tests.histories.script_folder import Sample

ENVIRONMENT = """\
import sqlalchemy as sa
from alembic import context
from sqlalchemy import create_engine, pool

metadata = sa.MetaData()
sa.Table(
    "products", metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("weight", {weight}),
    {more}
)
sa.Table(
    "reviews", metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("product_id", sa.ForeignKey("products.id", ondelete="CASCADE"), nullable=False),
    sa.Column("text", sa.Text),
)

def is_ours(name, kind, parent):
    return not (name or "").startswith("legacy_")

engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, include_name=is_ours)
    with context.begin_transaction():
        context.run_migrations()
"""


class Models(Place):
    """A place whose env.py knows models."""

    def model(self, more: str = "", weight: str = "sa.Integer") -> None:
        self.environment(ENVIRONMENT.format(more=more, weight=weight))

    def drift(self) -> Drift:
        return find_drift(self.target)


@pytest.fixture
def place(tmp_path: Path) -> Models:
    """Three products and three reviews, as models and history say."""
    place = Models(tmp_path, [PRODUCTS], at="aaaa1")
    place.model()
    return place


def changes(comparison):
    return {
        (table.name, change.sign, change.kind, change.name)
        for table in comparison.difference.tables
        for change in table.changes
    }


def test_three_that_agree_are_clean_and_nothing_is_touched(place: Models) -> None:
    before = place.dump()
    drift = place.drift()
    assert drift.is_clean, drift
    assert drift.models_against == "database"
    assert place.dump() == before


def test_names_that_models_leave_to_the_database_are_no_drift(place: Models) -> None:
    assert place.drift().models.is_clean  # the foreign key is named in the history only


def test_a_change_by_hand_is_drift_from_the_history(place: Models) -> None:
    place.run("CREATE INDEX ix_hand ON products (name); ALTER TABLE reviews DROP COLUMN text;")
    drift = place.drift()
    assert changes(drift.history) == {
        ("products", "added", "index", "ix_hand"),
        ("reviews", "removed", "column", "text"),
    }
    assert changes(drift.models) == {
        ("products", "removed", "index", "ix_hand"),
        ("reviews", "added", "column", "text"),
    }


def test_views_and_triggers_by_hand_are_drift_from_the_history_only(place: Models) -> None:
    place.run(
        "CREATE VIEW names AS SELECT name FROM products;"
        "CREATE TRIGGER tr AFTER INSERT ON reviews BEGIN DELETE FROM reviews; END;"
    )
    drift = place.drift()
    assert changes(drift.history) == {
        ("names", "added", "view", "names"),
        ("reviews", "added", "trigger", "tr"),
    }
    assert drift.models.is_clean


def test_server_defaults_and_checks_that_autogenerate_passes_over_are_found(place: Models) -> None:
    place.model("sa.CheckConstraint('weight > 0', name='ck_weight'),")
    drift = place.drift()
    assert drift.history.is_clean
    assert changes(drift.models) == {("products", "added", "check", "ck_weight")}
    assert drift.models.passed_over == ("products: check ck_weight",)


def test_a_missing_server_default_is_found(place: Models) -> None:
    place.model(weight="sa.Integer, server_default='7'")
    assert changes(place.drift().models) == {("products", "changed", "column", "weight")}


def test_constraints_without_a_name_that_autogenerate_writes_are_not_left_to_a_hand(
    place: Models,
) -> None:
    place.model("sa.UniqueConstraint('name', 'weight'),")
    assert place.drift().models.passed_over == ()
    place.environment(
        ENVIRONMENT.format(more="", weight="sa.Integer").replace("CASCADE", "SET NULL")
    )
    drift = place.drift()
    kinds = {(change[1], change[2]) for change in changes(drift.models)}
    assert "foreign key" in {kind for _, kind in kinds}
    assert drift.models.passed_over == ()


def test_another_value_of_an_enum_is_found(tmp_path: Path) -> None:
    kind = "sa.Enum({}, name='ck_kind', create_constraint=True)"
    two = kind.format("'a', 'b'")
    up = PRODUCTS.up.replace('"weight", sa.Integer', f'"weight", {two}')
    history = Sample(PRODUCTS.id, up=up)
    place = Models(tmp_path, [history])
    apply(place.target, place.plan())
    place.model(weight=two)
    assert place.drift().models.is_clean
    place.model(weight=kind.format("'a', 'b', 'c'"))
    drift = place.drift()
    assert changes(drift.models) == {("products", "changed", "check", "ck_kind")}
    assert drift.models.passed_over == ("products: check ck_kind",)


def test_what_looks_like_a_rename_is_suspected(place: Models) -> None:
    place.run("ALTER TABLE products RENAME COLUMN weight TO mass")
    drift = place.drift()
    (suspicion,) = drift.history.suspicions
    assert suspicion == "products: weight and mass are alike; one may be the other, renamed."


def test_a_renamed_table_is_suspected(place: Models) -> None:
    place.run("ALTER TABLE reviews RENAME TO opinions")
    (suspicion,) = place.drift().history.suspicions
    assert "reviews and opinions" in suspicion or "opinions and reviews" in suspicion


def test_tables_that_env_py_leaves_out_are_left_out_of_the_models(place: Models) -> None:
    place.run("CREATE TABLE legacy_things (id INTEGER)")
    drift = place.drift()
    assert drift.models.is_clean
    assert changes(drift.history) == {("legacy_things", "added", "column", "id")}


def test_while_revisions_are_pending_the_models_are_held_against_the_whole_history(
    place: Models,
) -> None:
    up = 'op.add_column("products", sa.Column("colour", sa.Text))'
    place.write(Sample("bbbb1", ("aaaa1",), up=up))
    place.model('sa.Column("colour", sa.Text),')
    drift = place.drift()
    assert drift.is_clean, drift
    assert drift.pending == ("bbbb1",)
    assert drift.models_against == "history"


def test_a_history_that_needs_data_says_why_it_cannot_be_rebuilt(place: Models) -> None:
    place.write(Sample("bbbb1", ("aaaa1",), up='raise RuntimeError("no products")'))
    place.run("UPDATE alembic_version SET version_num = 'bbbb1'")
    drift = place.drift()
    assert drift.history.error == (
        "Revision bbbb1 cannot run on an empty database: RuntimeError: no products. Mend it, so that "
        "the history makes a database from its beginning."
    )
    assert not drift.is_clean
    assert drift.models.is_clean


def test_an_unknown_revision_cannot_be_rebuilt(place: Models) -> None:
    place.run("UPDATE alembic_version SET version_num = 'ffff'")
    assert "which no revision file carries" in (place.drift().history.error or "")


def test_without_models_the_history_is_still_compared(tmp_path: Path) -> None:
    drift = find_drift(Place(tmp_path, [PRODUCTS], at="aaaa1").target)
    assert drift.history.is_clean
    assert "no target_metadata" in (drift.models.error or "")
    assert not drift.is_there


def test_several_heads_are_rebuilt_together(tmp_path: Path) -> None:
    other = Sample("cccc1", up='op.create_table("others", sa.Column("id", sa.Integer))')
    place = Models(tmp_path, [PRODUCTS, other])
    apply(place.target, place.plan("heads"))
    assert place.drift().history.is_clean
