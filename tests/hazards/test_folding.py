"""A file is read as it would run on one database: what is written out in it is put together, and what
concerns other databases is passed over."""

from __future__ import annotations

import ast

import pytest

from console.hazards.folding import MOST_TURNS, fold
from console.services.lint import lint
from tests.histories.place import Place
from tests.histories.script_folder import Sample

HELPERS = """\
TABLE = "products"
TABLES = ("products", "reviews")
PAIRS = [("products", "weight"), ("reviews", "text")]
LATER = make()

def away(table, column="weight"):
    op.drop_column(table, column)

def again():
    again()
"""


def folded(body: str, dialect: str = "postgresql", top: str = HELPERS) -> str:
    """What is left of an upgrade() with this body, as code."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    tree = ast.parse(f"{top}\ndef upgrade():\n{lines}\n")
    before = ast.dump(tree)
    code = "\n".join(ast.unparse(statement) for statement in fold(tree, "upgrade", dialect))
    assert ast.dump(tree) == before  # it is read by others too
    return code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("op.drop_table(TABLE)", "op.drop_table('products')"),
        ("name = 'stock'\nop.drop_table(name)", "name = 'stock'\nop.drop_table('stock')"),
        ("op.execute(f'DELETE FROM {TABLE}')", "op.execute('DELETE FROM products')"),
        ("op.execute('DELETE FROM ' + TABLE)", "op.execute('DELETE FROM products')"),
        ("limit = 5\nop.f(f'{limit} of {TABLE!r:>10}')", "limit = 5\nop.f(\"5 of 'products'\")"),
        ("op.f('DELETE FROM %s' % TABLE)", "op.f('DELETE FROM products')"),
        ("op.f('DELETE FROM {}'.format(TABLE))", "op.f('DELETE FROM products')"),
        ("op.f(', '.join(TABLES))", "op.f('products, reviews')"),
        ("op.f('%d' % TABLE)", "op.f('%d' % 'products')"),
        ("op.drop_table(LATER)", "op.drop_table(LATER)"),
        ("op.execute(f'DELETE FROM {LATER}')", "op.execute(f'DELETE FROM {LATER}')"),
        ("TABLE = other()\nop.drop_table(TABLE)", "TABLE = other()\nop.drop_table(TABLE)"),
        (
            "for t in TABLES:\n    op.drop_table(t)",
            "op.drop_table('products')\nop.drop_table('reviews')",
        ),
        (
            "for t, c in PAIRS:\n    op.drop_column(t, c)",
            "op.drop_column('products', 'weight')\nop.drop_column('reviews', 'text')",
        ),
        ("for t in some():\n    op.drop_table(t)", "for t in some():\n    op.drop_table(t)"),
        ("away('products')", "op.drop_column('products', 'weight')"),
        ("away(TABLE, column='name')", "op.drop_column('products', 'name')"),
        ("away(some())", "op.drop_column(table, 'weight')"),
        ("with a(TABLE) as b:\n    b.c(TABLE)", "with a('products') as b:\n    b.c('products')"),
    ],
)
def test_what_is_written_out_somewhere_is_put_in(body: str, code: str) -> None:
    assert folded(body) == code


MORE = """\
TABLES = ["products"]
MODE = "keep"

def away(table=None, keep="yes"):
    if table is None:
        table = "products"
    if keep != "yes":
        op.drop_table(table)

def more(tables):
    tables.append("reviews")

def choose():
    global MODE
    MODE = "drop"
"""


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("found = []\nif asked():\n    found.append('a')\nfor t in found:\n    op.f(t)", "op.f(t)"),
        ("found = ['a']\nfound[0] = 'b'\nop.f(found)", "op.f(found)"),
        ("more(TABLES)\nfor t in TABLES:\n    op.f(t)", "op.f(t)"),
        ("if MODE == 'drop':\n    op.f('a')", "op.f('a')"),
        ("for t in ('a', 'b'):\n    t = t + '_old'\n    op.f(t)", "op.f(t)"),
        ("from elsewhere import TABLES\nop.f(TABLES)", "op.f(TABLES)"),
        ("away('a', **asked())", "op.drop_table(table)"),
        ("away(*asked())", "op.drop_table(table)"),
        ("away('a', keep='no')", "op.drop_table(table)"),
        ("if None in 'abc':\n    op.f('a')", "op.f('a')"),
    ],
)
def test_what_may_be_another_by_the_time_that_it_is_used_is_not_put_in(
    body: str, code: str
) -> None:
    assert code in folded(body, top=MORE)


NAMED = "name = op.get_bind().dialect.name\n"
BOTH = "if {}:\n    op.f('a')\nelse:\n    op.f('b')"


@pytest.mark.parametrize(
    ("test", "code"),
    [
        ("op.get_bind().dialect.name == 'postgresql'", "op.f('a')"),
        ("op.get_context().dialect.name != 'postgresql'", "op.f('b')"),
        ("bind.engine.name in ('mysql', 'mariadb')", "op.f('b')"),
        ("not bind.dialect.name.startswith('postgres')", "op.f('b')"),
        ("bind.dialect.name == 'mysql' and asked()", "op.f('b')"),
        ("bind.dialect.name == 'postgresql' or asked()", "op.f('a')"),
    ],
)
def test_branches_for_other_databases_are_left_out(test: str, code: str) -> None:
    assert folded(BOTH.format(test)) == code


@pytest.mark.parametrize(
    "test", ["asked()", "bind.dialect.name == 'postgresql' and asked()", "name == asked()"]
)
def test_a_branch_that_cannot_be_told_stays(test: str) -> None:
    assert folded(BOTH.format(test)).count("op.f") == 2


def test_the_name_of_the_dialect_may_be_kept_in_a_name() -> None:
    body = f"{NAMED}{BOTH.format('name == ' + repr('sqlite'))}"
    assert folded(body, "sqlite").endswith("op.f('a')")
    assert folded(body, "mysql").endswith("op.f('b')")


def test_what_comes_after_a_return_is_left_out() -> None:
    body = f"{NAMED}if name != 'postgresql':\n    return\nop.drop_table('a')"
    assert "drop_table" in folded(body)
    assert "drop_table" not in folded(body, "sqlite")


def test_a_function_that_calls_itself_and_a_long_loop_come_to_an_end() -> None:
    assert folded("again()") == "again()"
    numbers = ", ".join(str(number) for number in range(MOST_TURNS + 1))
    assert folded(f"for n in [{numbers}]:\n    op.f(n)").startswith("for n in")
    nested = "for a in T:\n    for b in T:\n        for c in T:\n            op.f(a, b, c)"
    long = folded(f"{nested}\nop.g()", top=f"T = ({', '.join(str(n) for n in range(100))})")
    assert long.endswith("op.g()")  # too much to put together, and read all the same


def test_a_rule_does_not_speak_of_what_other_databases_get(place: Place) -> None:
    up = "if op.get_bind().dialect.name == '{}':\n    op.execute('UPDATE products SET weight = 1')"
    for dialect, is_found in (("mysql", False), ("sqlite", True)):
        path = place.scripts / "versions" / "cccc1_.py"
        path.unlink(missing_ok=True)
        place.write(Sample("cccc1", ("aaaa1",), up=up.format(dialect), down="op.f('x')"))
        found = {finding.hazard.code for finding in lint(place.target).findings}
        assert ("dml-without-where" in found) is is_found


SEVERAL = """\
def upgrade(engine_name):
    globals()[{how}]()

def upgrade_():
    op.drop_column("products", "weight")

def upgrade_stock():
    op.drop_table("crates")
"""


@pytest.mark.parametrize("how", ['"upgrade_%s" % engine_name', 'f"upgrade_{engine_name}"'])
@pytest.mark.parametrize(
    ("engine", "code"),
    [("", "op.drop_column('products', 'weight')"), ("stock", "op.drop_table('crates')")],
)
def test_in_the_layout_for_several_databases_the_function_of_one_is_read(
    how: str, engine: str, code: str
) -> None:
    tree = ast.parse(SEVERAL.format(how=how))
    (statement,) = fold(tree, "upgrade", "postgresql", engine)
    assert ast.unparse(statement) == code
