"""What revision files say in themselves, whatever they do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hazards.judging import only, read
from tests.histories.place import Place


@pytest.mark.parametrize("line", ["from shop.models import Product", "from myapp import models"])
def test_models_of_the_application_do_not_belong_into_a_revision(place: Place, line: str) -> None:
    hazards = read(place, "pass", "op.f('x')", top=line)
    assert only(hazards, "imports-live-models").severity == "error"


def test_modules_of_the_application_do_not_belong_into_a_revision(place: Place) -> None:
    (place.folder / "shop").mkdir()
    place.target = replace(place.target, paths=(place.folder,))
    hazards = read(place, "from shop.product import Product", "op.f('x')")
    assert only(hazards, "imports-live-models").subject == "shop.product.Product"


def test_libraries_and_helpers_beside_the_revisions_may_be_imported(place: Place) -> None:
    place.target = replace(place.target, paths=(place.folder,))
    lines = (
        "import json\nfrom sqlalchemy.dialects import postgresql\nfrom migrations import helpers"
    )
    assert read(place, "pass", "op.f('x')", top=lines) == ()


@pytest.mark.parametrize(
    ("top", "up", "subject"),
    [
        ("import os", "os.environ['X']", "os.environ"),
        ("from datetime import datetime", "datetime.now()", "datetime.now"),
        ("from flask import current_app", "current_app.config", "flask.current_app"),
        ("import requests", "requests.get('x')", "requests"),
        ("", "open('rows.csv')", "open"),
    ],
)
def test_the_environment_makes_a_revision_unpredictable(
    place: Place, top: str, up: str, subject: str
) -> None:
    hazard = only(read(place, up, "op.f('x')", top=top), "depends-on-environment")
    assert (hazard.severity, hazard.subject) == ("warning", subject)


@pytest.mark.parametrize(
    "up",
    [
        "try:\n    op.drop_table('a')\nexcept Exception:\n    pass",
        "import contextlib\nwith contextlib.suppress(Exception):\n    op.drop_table('a')",
    ],
)
def test_a_swallowed_exception_is_an_error(place: Place, up: str) -> None:
    assert only(read(place, up, "op.f('x')"), "swallowed-exception").severity == "error"


def test_an_exception_that_is_raised_again_is_none(place: Place) -> None:
    up = "try:\n    op.drop_table('a')\nexcept Exception as error:\n    raise ValueError from error"
    assert read(place, up, "op.f('x')") == ()


@pytest.mark.parametrize(
    "up",
    [
        "try:\n    json.loads('x')\nexcept ValueError:\n    pass",
        "try:\n    parsed('x')\nexcept ValueError:\n    pass",
        "try:\n    import orjson\nexcept ImportError:\n    orjson = None",
    ],
)
def test_an_exception_that_has_nothing_to_do_with_the_database_may_be_caught(
    place: Place, up: str
) -> None:
    top = "import json\ndef parsed(text):\n    return json.loads(text)"
    assert read(place, up, "op.f('x')", top=top) == ()


@pytest.mark.parametrize("call", ["changed('x')", "elsewhere('x')", "connection.execute('x')"])
def test_a_function_that_may_change_the_database_is_none_of_these(place: Place, call: str) -> None:
    top = "from shop_helpers import elsewhere\ndef changed(text):\n    op.execute(text)"
    up = f"try:\n    {call}\nexcept Exception:\n    pass"
    assert only(read(place, up, "op.f('x')", top=top), "swallowed-exception")


@pytest.mark.parametrize(
    "line",
    [
        "op.get_bind().execute(sa.text('SELECT 1')).scalar()",
        "sa.inspect(op.get_bind())",
        "bind = op.get_bind()\nrows = bind.execute(sa.text('SELECT 1'))",
        "bind = op.get_bind()\nhelp(bind)",
        "op.get_bind().exec_driver_sql('SELECT 1')",
    ],
)
def test_a_revision_that_asks_the_database_has_no_preview(place: Place, line: str) -> None:
    hazard = only(read(place, line, "op.f('x')"), "offline-unsafe")
    assert hazard.severity == "warning"
    assert hazard.subject.startswith("line ")


@pytest.mark.parametrize(
    "line",
    [
        "if op.get_bind().dialect.name == 'mysql':\n    pass",
        "bind = op.get_bind()\nname = bind.engine.name\nbind.execute(sa.text('UPDATE a SET b = 1'))",
        "op.get_bind().execute(sa.text('UPDATE a SET b = 1 WHERE c = 2'))",
    ],
)
def test_what_a_preview_can_write_out_is_no_question(place: Place, line: str) -> None:
    assert read(place, line, "op.f('x')") == ()


def test_a_revision_that_asks_only_where_it_can_is_no_hazard(place: Place) -> None:
    up = "from alembic import context\nif not context.is_offline_mode():\n    op.get_bind()"
    assert read(place, up, "op.f('x')") == ()


def test_what_env_py_and_helpers_load_by_a_computed_name_is_one_finding(place: Place) -> None:
    env = place.scripts / "env.py"
    env.write_text(
        f"import helper, importlib\n{env.read_text()}\nimportlib.import_module(context.x)\n"
    )
    (place.scripts / "helper.py").write_text(
        "import importlib\nimportlib.import_module(__name__)\n"
    )
    hazard = only(read(place, "pass", "op.f('x')"), "loads-what-is-not-digested")
    assert (hazard.severity, hazard.revision, hazard.subject) == (
        "warning",
        "",
        "migrations/env.py",
    )
    assert "migrations/env.py, line 11; migrations/helper.py, line 2." in hazard.danger


def test_a_name_that_is_written_out_is_no_finding(place: Place) -> None:
    line = "import importlib\nimportlib.import_module('json')"
    assert read(place, line, "op.f('x')") == ()
