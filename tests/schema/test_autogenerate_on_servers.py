"""Models are compared with a database on a server, through the application's own env.py."""

from pathlib import Path

import pytest

from console.schema.autogenerate import check, generate
from console.schema.executor import apply
from tests.histories.place import PRODUCTS
from tests.histories.script_folder import ENVIRONMENT
from tests.histories.served import Served

MODELS = """\
import sqlalchemy as sa
metadata = sa.MetaData()
sa.Table("products", metadata, sa.Column("id", sa.Integer, primary_key=True),
         sa.Column("name", sa.String(80), nullable=False), sa.Column("weight", sa.Integer),
         sa.Column("price", sa.Numeric(10, 2)))
sa.Table("reviews", metadata, sa.Column("id", sa.Integer, primary_key=True),
         sa.Column("product_id", sa.ForeignKey("products.id", name="fk_reviews_product_id",
                   ondelete="CASCADE"), nullable=False), sa.Column("text", sa.Text))
"""


@pytest.mark.parametrize("server", ["postgresql", "mariadb", "mysql"])
def test_what_the_models_have_is_written_applied_and_then_agrees(
    tmp_path: Path, request: pytest.FixtureRequest, server: str
) -> None:
    place = Served(tmp_path, request.getfixturevalue(server), [PRODUCTS], at="aaaa1")
    given = "connection=connection, target_metadata=metadata"
    place.environment(MODELS + ENVIRONMENT.replace("connection=connection", given))
    template = '"""${message}"""\nfrom alembic import op\nimport sqlalchemy as sa\nrevision = ${repr(up_revision)}\n'
    template += "down_revision = ${repr(down_revision)}\ndepends_on = branch_labels = None\n"
    template += "def upgrade():\n    ${upgrades}\ndef downgrade():\n    ${downgrades}\n"
    (place.scripts / "script.py.mako").write_text(template)
    before = place.dump()
    assert check(place.target) == ("add column products.price (NUMERIC(10, 2))",)
    generated = generate(place.target, message="add price")
    assert place.dump() == before
    assert generated.operations == ("add column products.price (NUMERIC(10, 2))",)
    assert apply(place.target, place.plan()).heads == (generated.revision,)
    assert check(place.target) == ()
