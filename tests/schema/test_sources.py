"""Local modules run from where they lie, and only as they were when the plan was made."""

import py_compile
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from console.schema.errors import PlanChanged
from console.schema.executor import apply
from tests.histories.place import PRODUCTS, Place
from tests.histories.script_folder import ENVIRONMENT, Sample

MAKES = "import helpers\nop.execute(f'CREATE TABLE {helpers.NAME} (id int)')"
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A revision that makes a table, whose name a module beside the script folder says."""
    place = Place(tmp_path, [PRODUCTS], at="aaaa1")
    library = tmp_path / "lib"
    library.mkdir()
    (library / "helpers.py").write_text("NAME = 'approved'\n")
    place.target = replace(place.target, paths=(library,))
    place.write(Sample("bbbb1", ("aaaa1",), up=MAKES))
    return place


def before_env(place: Place, code: str) -> None:
    """Let env.py do this first: it runs when the files have been held against the plan."""
    place.environment(f"import pathlib\nlib = pathlib.Path({str(place.folder / 'lib')!r})\n{code}")


def refusal(place: Place) -> str:
    """The error of applying, which has changed nothing."""
    plan = place.plan()
    with pytest.raises(PlanChanged) as caught:
        apply(place.target, plan)
    assert place.ask("SELECT version_num FROM alembic_version") == ["aaaa1"]
    return str(caught.value)


SWAP = "(lib / 'helpers.py').write_text(\"NAME = 'swapped'\")\n"


def test_a_module_that_changes_after_the_check_ends_the_run(place: Place) -> None:
    before_env(place, SWAP + ENVIRONMENT)
    assert "helpers.py changed" in refusal(place)


def test_another_interpreter_holds_modules_to_the_plan_too(place: Place, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    place.target = replace(place.target, python=python)
    before_env(place, SWAP + ENVIRONMENT)
    assert "helpers.py changed" in refusal(place)


def test_a_changed_module_ends_the_run_even_where_the_migration_goes_on_without_it(
    place: Place,
) -> None:
    ignores = (
        "try:\n    import helpers\nexcept Exception:\n    pass\nop.execute('CREATE TABLE x (y)')"
    )
    place.write(Sample("bbbb1", ("aaaa1",), up=ignores))
    before_env(place, SWAP + ENVIRONMENT)
    assert "helpers.py changed" in refusal(place)


def test_a_package_does_not_take_the_place_of_a_module(place: Place) -> None:
    made = (
        "(lib / 'helpers').mkdir()\n(lib / 'helpers' / '__init__.py').write_text(\"NAME = 'x'\")\n"
    )
    before_env(place, made + ENVIRONMENT)
    assert "helpers/__init__.py changed" in refusal(place)


def test_bytecode_never_runs_in_place_of_the_source(place: Place, tmp_path: Path) -> None:
    helpers = tmp_path / "lib" / "helpers.py"
    approved = helpers.read_text()
    helpers.write_text("NAME = 'compiled'\n")
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile(str(helpers), invalidation_mode=mode)
    helpers.write_text(approved)
    apply(place.target, place.plan())
    assert "approved" in place.ask(TABLES)


def test_a_rehearsal_runs_what_the_plan_was_made_of(place: Place) -> None:
    before_env(place, SWAP + ENVIRONMENT)
    plan = place.plan()
    with pytest.raises(PlanChanged, match=r"helpers\.py changed"):
        place.rehearse()
    assert place.plan().digest != plan.digest


def test_what_the_plan_does_not_cover_loads_as_ever(place: Place, tmp_path: Path) -> None:
    (tmp_path / "lib" / "named.py").write_text("NAME = 'computed'\n")
    loads = "import importlib\nhelpers = importlib.import_module('name' + 'd')\n"
    place.write(Sample("bbbb1", ("aaaa1",), up=loads + MAKES.split("\n", 1)[1]))
    before_env(place, "(lib / 'named.py').write_text(\"NAME = 'later'\")\n" + ENVIRONMENT)
    apply(place.target, place.plan())
    assert "later" in place.ask(TABLES)


def test_a_script_folder_inside_a_package_is_one_with_its_copy(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    place = Place(tmp_path / "shop", [Sample("aaaa1", up="from shop.migrations import more")])
    (place.scripts / "more.py").touch()
    place.target = replace(place.target, paths=(tmp_path,))
    assert apply(place.target, place.plan()).heads == ("aaaa1",)
    place.write(Sample("bbbb1", ("aaaa1",), up="from shop.migrations import more"))
    place.environment(
        f"open({str(place.scripts / 'more.py')!r}, 'w').write('x = 1')\n{ENVIRONMENT}"
    )
    assert "migrations/more.py changed" in refusal(place)
