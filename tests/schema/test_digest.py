"""The local modules behind a plan are found by looking, never by importing, and within bounds."""

from dataclasses import replace
from pathlib import Path

from console.schema import digest
from console.schema.digest import (
    companions,
    computed_loads,
    display_name,
    file_ingredients,
    local_modules,
)
from tests.histories.script_folder import line, target_of, write_folder


def project(tmp_path, files, paths=("project",)):
    """A script folder with one revision and a project of these files; returns the target."""
    folder = write_folder(tmp_path / "project" / "migrations", line("aaaa"))
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return target_of(folder, paths=tuple(tmp_path / path for path in paths))


def found(target, tmp_path):
    starts = [target.script_location / "env.py", target.version_locations[0] / "aaaa_.py"]
    modules = local_modules(target, starts)
    return [path.relative_to(tmp_path / "project").as_posix() for path in modules]


def test_a_module_and_the_packages_around_it_are_found(tmp_path):
    target = project(
        tmp_path,
        {
            "project/migrations/env.py": "from app.models.user import User\n",
            "project/app/__init__.py": "",
            "project/app/models/__init__.py": "from . import order\n",
            "project/app/models/user.py": "from ..base import Base\nimport json\n",
            "project/app/models/order.py": "",
            "project/app/base.py": "import sqlalchemy\n",
            "project/app/unrelated.py": "",
        },
    )
    assert found(target, tmp_path) == [
        "app/__init__.py",
        "app/models/__init__.py",
        "app/models/user.py",
        "app/base.py",
        "app/models/order.py",
    ]


def test_a_name_imported_from_a_package_may_be_a_module_of_it(tmp_path):
    files = {"project/migrations/env.py": "from app import models\n", "project/app/models.py": ""}
    assert found(project(tmp_path, files), tmp_path) == ["app/models.py"]


def test_a_folder_without_an_init_is_a_package_too(tmp_path):
    files = {"project/migrations/env.py": "import app.deep.x\n", "project/app/deep/x.py": ""}
    assert found(project(tmp_path, files), tmp_path) == ["app/deep/x.py"]


def test_the_script_folder_is_looked_at_by_its_own_name_and_from_within(tmp_path):
    files = {
        "project/migrations/env.py": "import helpers\nfrom migrations.more import x\n",
        "project/migrations/helpers.py": "",
        "project/migrations/more.py": "",
        "project/beside.py": "",
    }
    target = project(tmp_path, files, paths=())
    assert found(target, tmp_path) == ["migrations/helpers.py", "migrations/more.py"]


def test_what_lies_beside_the_script_folder_counts_only_with_its_path(tmp_path):
    files = {"project/migrations/env.py": "import beside\n", "project/beside.py": ""}
    assert found(project(tmp_path, files, paths=()), tmp_path) == []
    assert found(project(tmp_path, files), tmp_path) == ["beside.py"]


def test_installed_packages_never_count(tmp_path):
    files = {
        "project/migrations/env.py": "import alembic, sqlalchemy, thing, os\n",
        "project/lib/site-packages/thing.py": "",
    }
    target = project(tmp_path, files, paths=("project", "project/lib/site-packages"))
    assert found(target, tmp_path) == []


def test_circles_of_imports_end(tmp_path):
    files = {
        "project/migrations/env.py": "import a\n",
        "project/a.py": "import b\n",
        "project/b.py": "import a\n",
    }
    assert found(project(tmp_path, files), tmp_path) == ["a.py", "b.py"]


def test_modules_that_cannot_be_parsed_count_and_lead_nowhere(tmp_path):
    files = {
        "project/migrations/env.py": "import a\n",
        "project/a.py": "import b\ndef (\n",
        "project/b.py": "",
    }
    assert found(project(tmp_path, files), tmp_path) == ["a.py"]


def test_an_import_within_a_function_counts(tmp_path):
    files = {
        "project/migrations/versions/aaaa_.py": "def upgrade():\n    from app import x\n",
        "project/app/__init__.py": "",
    }
    assert found(project(tmp_path, files), tmp_path) == ["app/__init__.py"]


def test_the_number_of_modules_is_bounded_and_the_same_each_time(tmp_path, monkeypatch):
    monkeypatch.setattr(digest, "MODULES", 3)
    names = [f"m{number}" for number in range(9)]
    files = {f"project/{name}.py": "" for name in names}
    files["project/migrations/env.py"] = f"import {', '.join(reversed(names))}\n"
    target = project(tmp_path, files)
    assert found(target, tmp_path) == ["m0.py", "m1.py", "m2.py"]


def test_files_are_named_for_people_wherever_they_lie(tmp_path):
    target = project(tmp_path, {})
    assert display_name(target, target.script_location / "env.py") == "migrations/env.py"
    assert display_name(target, tmp_path / "project" / "app" / "x.py") == "app/x.py"
    elsewhere = target_of(target.script_location, version_locations=(tmp_path / "more",))
    assert display_name(elsewhere, tmp_path / "more" / "x.py") == "more/x.py"
    assert display_name(target, Path("/nowhere/x.py")) == "/nowhere/x.py"


def test_what_a_migration_may_read_beside_itself_counts(tmp_path):
    files = {
        "project/migrations/versions/fill.sql": "UPDATE products SET price = 1",
        "project/migrations/data/prices.csv": "1,2",
        "project/migrations/helper.py": "",
        "project/migrations/alembic.ini": "[alembic]",
        "project/migrations/versions/bbbb_another_revision.py": "",
        "project/migrations/script.py.mako": "",
        "project/migrations/README": "",
        "project/migrations/__pycache__/env.pyc": "",
        "project/migrations/versions/.fill.sql.swp": "",
    }
    target = project(tmp_path, files)
    names = [path.relative_to(target.script_location).as_posix() for path in companions(target)]
    assert names == ["alembic.ini", "data/prices.csv", "env.py", "helper.py", "versions/fill.sql"]


def test_a_changed_data_file_changes_what_would_run(tmp_path):
    target = project(tmp_path, {"project/migrations/versions/fill.sql": "UPDATE a SET b = 1"})
    before = file_ingredients(target, [])
    (target.script_location / "versions" / "fill.sql").write_text("UPDATE a SET b = 2")
    changed = set(file_ingredients(target, [])) - set(before)
    assert [ingredient.name for ingredient in changed] == ["migrations/versions/fill.sql"]


def test_a_module_that_is_imported_by_a_call_counts_if_its_name_is_written_out(tmp_path):
    files = {
        "project/migrations/env.py": "import importlib\n"
        "importlib.import_module('app.one')\n__import__(name='app.two')\n"
        "names = [importlib.import_module(name) for name in ['app.three']]\n",
        "project/app/__init__.py": "from importlib import import_module\n"
        "import_module('.four', __package__)\n",
        **{f"project/app/{name}.py": "" for name in ("one", "two", "three", "four")},
    }
    target = project(tmp_path, files)
    assert found(target, tmp_path) == ["app/__init__.py", "app/one.py", "app/two.py", "app/four.py"]
    assert computed_loads(target, []) == ((target.script_location / "env.py", 4),)


def test_code_that_is_loaded_by_its_path_is_told(tmp_path):
    files = {
        "project/migrations/env.py": "import helper\n",
        "project/migrations/helper.py": "import runpy\nrunpy.run_path('x.py')\n",
    }
    target = project(tmp_path, files)
    assert computed_loads(target, []) == ((target.script_location / "helper.py", 2),)


def test_an_ini_counts_wherever_it_lies_and_once(tmp_path):
    target = project(tmp_path, {"project/alembic.ini": "[alembic]", "far/alembic.ini": "[alembic]"})
    without = file_ingredients(target, [])
    for place in ("project", "far"):
        path = tmp_path / place / "alembic.ini"
        (more,) = set(file_ingredients(replace(target, ini=path), [])) - set(without)
        assert more.name == "alembic.ini"
        path.write_text("[alembic]\nx = 1")
        assert more not in file_ingredients(replace(target, ini=path), [])
    (target.script_location / "alembic.ini").write_text("[alembic]")
    inside = replace(target, ini=target.script_location / "alembic.ini")
    names = [ingredient.name for ingredient in file_ingredients(inside, [])]
    assert [name for name in names if name.endswith(".ini")] == ["migrations/alembic.ini"]
